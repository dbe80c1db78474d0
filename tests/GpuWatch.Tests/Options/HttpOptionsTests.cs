using System.Net;
using GpuWatch.Core.Units;
using GpuWatch.Options;

namespace GpuWatch.Tests.Options;

public sealed class HttpOptionsTests
{
    [Theory]
    [InlineData("127.0.0.1:9000", "127.0.0.1:9000")]
    [InlineData("9000", "127.0.0.1:9000")]
    [InlineData("localhost:9000", "127.0.0.1:9000")]
    [InlineData("127.0.0.1", "127.0.0.1:9838")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("[::1]:9000", "[::1]:9000")]
    public void Listens_where_it_is_told(string text, string endpoint) =>
        Assert.Equal(IPEndPoint.Parse(endpoint), Read(("http.listen", text)).Listen);

    [Fact]
    public void Listens_nowhere_when_told_none() => Assert.Null(Read(("http.listen", "none")).Listen);

    [Theory]
    [InlineData("0.0.0.0:9838")]
    [InlineData("[::]:9838")]
    [InlineData("192.168.1.7:9838")]
    public void An_address_that_others_can_reach_needs_a_token(string address)
    {
        var mistake = Assert.Throws<BadInputException>(() => Read(("http.listen", address)));

        Assert.Equal("test: 'http.listen' can be reached from other machines; http.token, http.token_file or the credential http_token is expected with it", mistake.Message);
        Assert.NotNull(Read(("http.listen", address), ("http.token", "s3cret")).Listen);
    }

    [Fact]
    public void What_is_no_address_is_a_mistake() =>
        Assert.Throws<BadInputException>(() => Read(("http.listen", "everywhere")));

    private static HttpOptions Read(params (string Path, string Value)[] given)
    {
        var settings = new Settings(_ => null);
        settings.Add(given.Select(setting => new Setting(setting.Path, setting.Value, "test")));
        return HttpOptions.From(settings.Section("http"), _ => null);
    }
}
