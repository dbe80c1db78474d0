using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class OnceTests : IDisposable
{
    private const string Scene = """
        gpu 0 total=16GiB reserved=512MiB base=256MiB name="A"
        gpu 1 total=8GiB name="B"
        job 4242 gpu=0 start=0 name="python train.py"
          at 0 3GiB
        job 4243 gpu=0 start=0 name="evil@[31mred"
          at 0 1GiB

        """;

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void As_json_it_tells_who_holds_how_much_and_all_of_it_adds_up()
    {
        var (code, output, _) = Once(Scene, "--output", "json");

        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        var gpus = json.RootElement.GetProperty("gpus").EnumerateArray().ToList();
        Assert.Equal([16L << 30, 8L << 30], gpus.Select(gpu => Bytes(gpu, "total_bytes")));
        Assert.All(gpus, gpu => Assert.Equal(
            Bytes(gpu, "total_bytes") - Bytes(gpu, "free_bytes"),
            Bytes(gpu, "processes_bytes") + Bytes(gpu, "reserved_bytes") + Bytes(gpu, "unattributed_bytes")));
        Assert.Equal(256L << 20, Bytes(gpus[0], "unattributed_bytes"));
        Assert.Equal(
            [(4242, 3L << 30), (4243, 1L << 30)],
            json.RootElement.GetProperty("processes").EnumerateArray().Select(process => (process.GetProperty("pid").GetInt32(), Bytes(process, "used_bytes"))));
    }

    [Fact]
    public void For_people_it_is_a_table_that_nothing_in_a_name_can_disturb()
    {
        var (code, output, _) = Once(Scene.Replace('@', '\u001b'));

        Assert.Equal(0, code);
        Assert.Contains("processes 4.0 GiB + reserved by the driver 512 MiB + unattributed 256 MiB = 4.8 GiB", output);
        Assert.Contains("python train.py", output);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public void It_fails_when_no_gpu_gives_data_and_says_why_of_each()
    {
        var (code, output, _) = Once(Scene + "fault code=15 call=nvmlDeviceGetMemoryInfo*\n", "--output", "json");

        Assert.Equal(1, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(["gpu-lost", "gpu-lost"], json.RootElement.GetProperty("gpus").EnumerateArray().Select(gpu => gpu.GetProperty("fault").GetString()));
    }

    [Fact]
    public void A_library_that_is_not_there_is_bad_input()
    {
        var (code, output, error) = Gpuwatch.Run("once", "--nvml", "/nowhere/libnvidia-ml.so.1");

        Assert.Equal((2, ""), (code, output));
        Assert.Matches("^gpuwatch: /nowhere/libnvidia-ml.so.1: .*; the path of an NVML library is expected\n$", error);
    }

    public void Dispose() => folder.Dispose();

    private (int Code, string Out, string Error) Once(string scene, params string[] arguments)
    {
        using var once = RunningAgent.Start(folder.File("scene.scn", scene), 1, ["once", "--nvml", NvmlSim.Path, .. arguments]);
        return once.End();
    }

    private static long Bytes(JsonElement json, string name) => json.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0;
}
