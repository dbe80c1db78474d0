using GpuWatch.Core.Units;
using GpuWatch.Options;
using GpuWatch.Show.Otlp;

namespace GpuWatch.Tests.Show.Otlp;

public sealed class OtlpOptionsTests
{
    private readonly Dictionary<string, string> environment = [];

    [Theory]
    [InlineData("http://collector:4318", "http://collector:4318/v1/metrics")]
    [InlineData("https://collector/otlp/", "https://collector/otlp/v1/metrics")]
    public void The_endpoint_that_every_program_reads_is_honoured(string given, string posted)
    {
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = given;

        Assert.Equal(posted, Read()!.Metrics.AbsoluteUri);
    }

    [Fact]
    public void The_setting_wins_over_it_and_none_switches_it_off()
    {
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://a:4318";
        environment["GPUWATCH_OTLP__ENDPOINT"] = "http://b:4318";
        Assert.Equal("b", Read()!.Metrics.Host);

        environment["GPUWATCH_OTLP__ENDPOINT"] = "none";

        Assert.Null(Read());
    }

    [Fact]
    public void Without_an_endpoint_there_is_no_export() => Assert.Null(Read());

    [Fact]
    public void What_is_no_address_is_a_mistake_with_its_place()
    {
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4318";

        Assert.StartsWith("OTEL_EXPORTER_OTLP_ENDPOINT: 'otlp.endpoint' is no address", Assert.Throws<BadInputException>(Read).Message);
    }

    private OtlpOptions? Read() => OtlpOptions.From(new Settings(environment.GetValueOrDefault).Section("otlp"), environment.GetValueOrDefault);
}
