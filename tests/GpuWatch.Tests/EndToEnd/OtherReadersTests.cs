using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>
/// Other people's programs on the simulated NVML, against `gpuwatch once` at the same instant of the same scene: what they
/// read is what we read, to the byte. Each is skipped with its reason where the program is not at hand.
/// </summary>
public sealed class OtherReadersTests : IDisposable
{
    private static readonly int Alive = Environment.ProcessId;

    private readonly TemporaryFolder folder = new();
    private readonly string scene;

    public OtherReadersTests()
    {
        scene = folder.File("node.scn", $"""
            gpu 0 total=24GiB reserved=300MiB base=17MiB name="NVIDIA GeForce RTX 4090"
            gpu 1 total=48GiB reserved=569MiB
            job {Alive} gpu=0
              at 0 6442450945B
            job 3000002 gpu=0
              at 0 1GiB
              ramp 100 7GiB
            job 3000003 gpu=1 kind=both
              at 0 1GiB
            """);
    }

    [PythonFact("pynvml")]
    public void Pynvml_reads_the_bytes_that_once_prints()
    {
        var printed = Run("python3", ["-c", """
            import json, pynvml as n
            n.nvmlInit()
            out = []
            for i in range(n.nvmlDeviceGetCount()):
                d = n.nvmlDeviceGetHandleByIndex(i)
                try:
                    used = n.nvmlDeviceGetMemoryInfo(d, n.nvmlMemory_v2).used
                except (TypeError, AttributeError):
                    used = None
                m = n.nvmlDeviceGetMemoryInfo(d)
                out.append({"total": m.total, "free": m.free, "used": used,
                    "processes": [[p.pid, p.usedGpuMemory] for p in n.nvmlDeviceGetComputeRunningProcesses(d)]})
            print(json.dumps(out))
            """]);
        using var theirs = JsonDocument.Parse(printed);
        using var ours = Once();
        foreach (var (gpu, index) in theirs.RootElement.EnumerateArray().Select((gpu, index) => (gpu, index)))
        {
            var known = Gpu(ours, index);
            Assert.Equal(Bytes(known, "total_bytes"), gpu.GetProperty("total").GetInt64());
            Assert.Equal(Bytes(known, "free_bytes"), gpu.GetProperty("free").GetInt64());
            if (gpu.GetProperty("used").ValueKind == JsonValueKind.Number)
            {
                Assert.Equal(Bytes(known, "used_bytes"), gpu.GetProperty("used").GetInt64());
            }
            Assert.Equal(Processes(ours, index), gpu.GetProperty("processes").EnumerateArray()
                .Select(one => (one[0].GetInt32(), one[1].GetInt64())).Order());
        }
    }

    [NvtopFact]
    public void Nvtop_s_snapshot_shows_the_bytes_that_once_prints()
    {
        using var theirs = JsonDocument.Parse(Run("nvtop", ["-s"]));
        using var ours = Once();
        foreach (var (gpu, index) in theirs.RootElement.EnumerateArray().Select((gpu, index) => (gpu, index)))
        {
            var known = Gpu(ours, index);
            if (!gpu.TryGetProperty("mem_used", out var used))
            {
                // Before 3.2 the snapshot has only whole per cents.
                Assert.Equal($"{100 * Bytes(known, "used_bytes") / Bytes(known, "total_bytes")}%", gpu.GetProperty("mem_util").GetString());
                continue;
            }
            Assert.Equal(Bytes(known, "used_bytes"), long.Parse(used.GetString()!));
            Assert.Equal(Bytes(known, "total_bytes"), long.Parse(gpu.GetProperty("mem_total").GetString()!));
            if (index == 0 && gpu.TryGetProperty("processes", out var processes))
            {
                var mine = processes.EnumerateArray().Single(one => one.GetProperty("pid").GetString() == $"{Alive}");
                Assert.Equal(6442450945, long.Parse(mine.GetProperty("gpu_mem_bytes_alloc").GetString()!));
            }
        }
    }

    /// <summary>Performance Co-Pilot, a reader in C of its own: the first version's memory and lists.</summary>
    [PcpFact]
    public void Performance_Co_Pilot_reads_the_bytes_that_once_prints()
    {
        var root = folder.File("root", "root { nvidia }\n" + File.ReadAllText(PcpFactAttribute.PathOf("lib/pcp/pmdas/nvidia/pmns")).Replace("NVML", "120"));
        var printed = Run(PcpFactAttribute.PathOf("bin/dbpmda"), ["-f", "-e", "-n", root], $"""
            open pipe {PcpFactAttribute.PathOf("lib/pcp/pmdas/nvidia/pmdanvidia")} -d 120 -l {folder.File("log")}
            getdesc on
            fetch nvidia.memtotal
            fetch nvidia.memfree
            fetch nvidia.proc.compute.memused
            quit

            """);
        using var ours = Once();
        Assert.All([0, 1], gpu => Assert.Contains($"inst [{gpu} or ???] value {Bytes(Gpu(ours, gpu), "total_bytes")}\n", printed));
        Assert.All([0, 1], gpu => Assert.Contains($"inst [{gpu} or ???] value {Bytes(Gpu(ours, gpu), "free_bytes")}\n", printed));
        Assert.All(Processes(ours, 0), one => Assert.Contains($"inst [{one.Pid} or ???] value {one.Bytes}\n", printed));
    }

    public void Dispose() => folder.Dispose();

    private JsonDocument Once() =>
        JsonDocument.Parse(Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "gpuwatch.dll"), "once", "--nvml", NvmlSim.Path, "--output", "json"]));

    /// <summary>Half-way up the ramp, and the clock stands still.</summary>
    private string Run(string program, string[] arguments, string? stdin = null)
    {
        var native = Path.GetDirectoryName(NvmlSim.Path);
        var (code, output) = Tool.Run("env",
        [
            $"LD_LIBRARY_PATH={native}:{PcpFactAttribute.PathOf("lib")}", $"GPUWATCH_SIM={scene}", "GPUWATCH_SIM_SPEED=0", "GPUWATCH_SIM_START=50",
            $"PCP_CONF={PcpFactAttribute.Configuration}", $"PCP_BINADM_DIR={PcpFactAttribute.PathOf("lib/pcp/bin")}", program, .. arguments,
        ], input: stdin);
        Assert.True(code == 0, output);
        return output;
    }

    private static JsonElement Gpu(JsonDocument once, int index) =>
        once.RootElement.GetProperty("gpus").EnumerateArray().Single(gpu => gpu.GetProperty("gpu").GetInt32() == index);

    private static long Bytes(JsonElement gpu, string key) => gpu.GetProperty(key).GetInt64();

    private static IEnumerable<(int Pid, long Bytes)> Processes(JsonDocument once, int gpu) =>
        once.RootElement.GetProperty("processes").EnumerateArray()
            .Where(one => one.GetProperty("gpu").GetInt32() == gpu)
            .Select(one => (one.GetProperty("pid").GetInt32(), one.GetProperty("used_bytes").GetInt64()));

    private sealed class PythonFactAttribute : FactAttribute
    {
        public PythonFactAttribute(string module)
        {
            if (Tool.Find("python3") is null || Tool.Run("python3", ["-c", $"import {module}"]).Code != 0)
            {
                Skip = $"python3 has no module {module} here (Debian: python3-{module}, component contrib).";
            }
        }
    }

    private sealed class NvtopFactAttribute : FactAttribute
    {
        public NvtopFactAttribute()
        {
            if (Tool.Find("nvtop") is null)
            {
                Skip = "nvtop is not here (Debian: nvtop, component contrib).";
            }
            else if (!Tool.Run("nvtop", ["--help"]).Output.Contains("--snapshot", StringComparison.Ordinal))
            {
                Skip = "This nvtop is older than 3.1 and has no snapshot to compare with.";
            }
        }
    }

    private sealed class PcpFactAttribute : FactAttribute
    {
        /// <summary>The package's own set-up needs systemd; unpacked it runs as well.</summary>
        private static readonly string Unpacked = Repository.PathOf("artifacts", "oracles", "pcp");

        public PcpFactAttribute()
        {
            if (!File.Exists(PathOf("bin/dbpmda")))
            {
                Skip = "Performance Co-Pilot is not here: in an empty folder, apt-get download pcp pcp-conf libpcp3 libpcp-pmda3 && for p in *.deb; do dpkg -x $p artifacts/oracles/pcp; done";
            }
        }

        public static string Configuration => Path.Combine(IsUnpacked ? Unpacked : "/", "etc/pcp.conf");

        private static bool IsUnpacked => Directory.Exists(Unpacked);

        public static string PathOf(string part) => Path.Combine(IsUnpacked ? Unpacked : "/", "usr", part);
    }
}
