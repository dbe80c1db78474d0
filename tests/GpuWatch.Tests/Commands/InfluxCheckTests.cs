using System.Text.Json;
using GpuWatch.Store.Influx;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class InfluxCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Without_an_address_it_says_how_to_give_one()
    {
        var (code, findings, _) = Examine("");

        Assert.Equal(1, code);
        Assert.Contains("influx.url", Assert.Single(findings).Advice);
    }

    [Fact]
    public void A_server_that_is_not_there_is_told_with_what_to_do()
    {
        var (code, findings, _) = Examine($"influx: {{ url: 'http://127.0.0.1:{Ports.Free()}' }}");

        Assert.Equal(1, code);
        var finding = Assert.Single(findings);
        Assert.Equal(("influx", "fail"), (finding.Check, finding.Health));
        Assert.Contains("cannot be reached: Connection refused", finding.Found);
    }

    [Theory]
    [InlineData(204, "", 0, "ok", null)]
    [InlineData(401, "", 1, "fail", "the server wants a token")]
    [InlineData(401, "token: s3cr3t", 1, "fail", "the token is wrong")]
    [InlineData(403, "token: s3cr3t", 1, "fail", "give this token the right to write bucket gpuwatch of gpuwatch")]
    [InlineData(404, "token: s3cr3t", 1, "fail", "make it on the server")]
    [InlineData(400, "token: s3cr3t", 0, "note", "token and place are right")]
    [InlineData(503, "token: s3cr3t", 1, "fail", "takes nothing now")]
    [InlineData(302, "token: s3cr3t", 1, "fail", "a page before it")]
    public async Task Each_answer_to_the_empty_write_has_its_advice(int status, string token, int exitCode, string health, string? advice)
    {
        await using var server = await Receiver.StartAsync();
        server.Status = status;
        var (code, findings, output) = Examine($"influx: {{ url: '{server.Url}', {token} }}");

        Assert.Equal(exitCode, code);
        Assert.Equal(["influx", "version", "write"], findings.Select(finding => finding.Check));
        Assert.Equal(health, findings[^1].Health);
        Assert.Contains(advice ?? "", findings[^1].Advice ?? "");
        Assert.DoesNotContain("s3cr3t", output);
        Assert.Equal("# gpuwatch doctor\n"u8, Gzip.Decompress(server.Posts.Single(post => post.Path == "/api/v2/write").Body));
    }

    [Theory]
    [InlineData("1.6.7", "", "1.6.7", 1)]
    [InlineData("v2.7.1", "{\"version\":\"no\"}", "v2.7.1", 2)]
    [InlineData(null, """{"version":"3.1.0","revision":"abc"}""", "3.1.0", 3)]
    [InlineData(null, "OK", null, null)]
    [InlineData(null, "[]", null, null)]
    [InlineData("a\u001b[31m", "", null, null)]
    public void The_version_is_read_from_header_or_body(string? header, string body, string? version, int? major)
    {
        var ping = InfluxPing.Of(header, body);

        Assert.Equal(major, ping.Major);
        if (version is not null)
        {
            Assert.Equal(version, ping.Version);
        }
        Assert.DoesNotContain('\u001b', ping.Version ?? "");
    }

    [ToolFact("influxd")]
    public async Task A_good_server_is_good_and_nothing_is_left_on_it()
    {
        using var server = await ServerProcess.InfluxDb();
        var (code, findings, _) = Examine($"influx: {{ url: '{server.Url}', api: v1 }}");

        Assert.Equal(0, code);
        Assert.All(findings, finding => Assert.Equal("ok", finding.Health));
        Assert.StartsWith("1.", findings.Single(finding => finding.Check == "version").Found);
        Assert.DoesNotContain("\"values\"", await server.GetAsync("query?db=gpuwatch&q=SHOW%20MEASUREMENTS"));
    }

    [ToolFact("influxd")]
    public async Task A_database_that_is_not_there_and_a_wrong_version_are_found()
    {
        using var server = await ServerProcess.InfluxDb();
        var (code, findings, _) = Examine($"influx: {{ url: '{server.Url}', api: v1, bucket: nope }}");
        Assert.Equal(1, code);
        Assert.Contains("nope", findings[^1].Found);
        Assert.Contains("make it on the server", findings[^1].Advice);

        (code, findings, _) = Examine($"influx: {{ url: '{server.Url}', api: v3 }}");

        Assert.Equal(1, code);
        Assert.Equal("set influx.api: v1", findings.Single(finding => finding.Check == "version").Advice);
    }

    private (int Code, IReadOnlyList<Line> Findings, string Output) Examine(string yaml)
    {
        var (code, output, error) = Gpuwatch.RunTimeless("doctor", "--influx", "--output", "json", "--config", folder.File("g.yaml", yaml));
        Assert.Equal("", error);
        using var json = JsonDocument.Parse(output);
        return (code, [.. json.RootElement.EnumerateArray().Select(finding => new Line(
            finding.GetProperty("check").GetString()!, finding.GetProperty("health").GetString()!,
            finding.GetProperty("found").GetString()!, finding.GetProperty("advice").GetString()))], output);
    }

    private sealed record Line(string Check, string Health, string Found, string? Advice);
}
