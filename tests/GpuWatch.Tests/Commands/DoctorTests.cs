using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class DoctorTests : IDisposable
{
    private const string Scene = """
        gpu 0 total=16GiB name="A"
        gpu 1 total=16GiB name="B"

        """;

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Where_all_is_well_it_says_so_of_each_part_and_ends_with_0()
    {
        var (code, checks) = Examine(Scene);

        Assert.Equal(0, code);
        Assert.Equal(["driver", "library", "gpu 0", "gpu 1", "in-process", "pids", "processes", "http", "store"], checks.Keys);
        Assert.DoesNotContain(checks.Values, check => check.Health == "fail");
        Assert.Equal("ok", checks["store"].Health);
    }

    [Fact]
    public void A_gpu_that_fails_is_told_with_what_to_do_and_fails_the_examination()
    {
        var (code, checks) = Examine(Scene + "fault code=15 gpu=1\n");

        Assert.Equal(1, code);
        Assert.Equal(("ok", "fail"), (checks["gpu 0"].Health, checks["gpu 1"].Health));
        Assert.Contains("reset", checks["gpu 1"].Advice);
    }

    [Fact]
    public void A_library_that_is_not_there_is_a_finding_not_an_end()
    {
        var (code, checks) = Examine(Scene, nvml: "/nowhere/libnvidia-ml.so.1");

        Assert.Equal(1, code);
        Assert.Equal("fail", checks["library"].Health);
        Assert.Contains("--nvml PATH", checks["library"].Advice);
        Assert.Contains("store", checks.Keys);
    }

    [Fact]
    public void A_store_that_is_none_fails_and_is_left_as_it_is()
    {
        var notes = folder.File("notes.db", new string('x', 5000));

        var (code, checks) = Examine(Scene, store: notes);

        Assert.Equal((1, "fail"), (code, checks["store"].Health));
        Assert.Contains("is no store of gpuwatch", checks["store"].Found);
        Assert.Equal(new string('x', 5000), File.ReadAllText(notes));
    }

    [Fact]
    public void An_address_that_is_taken_is_a_note_with_another_way()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, checks) = Examine(Scene, listen: other.LocalEndpoint.ToString()!);

        Assert.Equal((0, "note"), (code, checks["http"].Health));
        Assert.Contains("--listen", checks["http"].Advice);
    }

    [Fact]
    public void For_people_each_advice_stands_below_its_finding()
    {
        var (code, output) = Run(Scene + "fault code=15 gpu=1\n", Config(), NvmlSim.Path);

        Assert.Equal(1, code);
        Assert.Matches(@"(^|\n)FAIL  gpu 1 .*\n +-> .*reset", output);
        Assert.All(output.TrimEnd('\n').Split('\n'), line => Assert.Matches("^(ok   |note |FAIL | +->) ", line));
    }

    public void Dispose() => folder.Dispose();

    private (int Code, Dictionary<string, (string Health, string Found, string? Advice)> Checks) Examine(
        string scene, string? nvml = null, string? store = null, string listen = "none")
    {
        var (code, output) = Run(scene, Config(store, listen), nvml ?? NvmlSim.Path, "--output", "json");
        using var json = JsonDocument.Parse(output);
        return (code, json.RootElement.EnumerateArray().ToDictionary(
            check => check.GetProperty("check").GetString()!,
            check => (check.GetProperty("health").GetString()!, check.GetProperty("found").GetString()!, check.GetProperty("advice").GetString())));
    }

    private (int Code, string Output) Run(string scene, string config, string nvml, params string[] arguments)
    {
        using var doctor = RunningAgent.Start(folder.File("scene.scn", scene), 1, ["doctor", "--config", config, "--nvml", nvml, .. arguments]);
        var (code, output, error) = doctor.End();
        Assert.Empty(error);
        return (code, output);
    }

    private string Config(string? store = null, string listen = "none") =>
        folder.File("config.yaml", $"store: {{ path: {store ?? folder.File("gpuwatch.db")} }}\nhttp: {{ listen: \"{listen}\" }}\n");
}
