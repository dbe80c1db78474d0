using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using GpuWatch.Core.Sample;
using GpuWatch.InProcess;
using GpuWatch.Nvml;

namespace GpuWatch.Benchmarks;

/// <summary>
/// One sweep of all GPUs through the simulated library, which costs what P/Invoke and our own work cost and nothing for the driver:
/// direct, through the guard with its thread per GPU, and asking besides for what processes tell of themselves, where none tells
/// anything. 2 × 3 and 8 × 64 processes.
/// </summary>
[MemoryDiagnoser]
public partial class SweepBenchmark
{
    private static readonly string Path = System.IO.Path.Combine(Root(), "artifacts", "native", "libnvidia-ml.so.1");

    private IGpuSource direct = null!;
    private GuardedGpus guarded = null!;
    private TellerChannel channel = null!;
    private TellingGpus telling = null!;

    static SweepBenchmark() =>
        NativeLibrary.SetDllImportResolver(typeof(SweepBenchmark).Assembly, (_, _, _) => NativeLibrary.Load(Path));

    [Params("2x3", "8x64")]
    public string Node { get; set; } = "2x3";

    [GlobalSetup]
    public void Open()
    {
        var (gpus, processes) = Node == "2x3" ? (2, 3) : (8, 64);
        var scene = string.Concat(Enumerable.Range(0, gpus).Select(gpu => $"gpu {gpu} total=80GiB reserved=600MiB\n"
            + string.Concat(Enumerable.Range(1, processes).Select(i => $"job {3000000 + gpu * 100 + i} gpu={gpu}\nat 0 {i * 10}MiB\n"))));
        if (Load(scene) != 0)
        {
            throw new InvalidOperationException("The simulator does not take the scene.");
        }
        direct = NvmlGpuSource.Open(Path).Source!;
        guarded = new GuardedGpus(direct, TimeProvider.System);
        channel = new TellerChannel(new TellerFile().Look, TimeProvider.System, _ => { }, () => { });
        telling = new TellingGpus(guarded, channel);
    }

    [GlobalCleanup]
    public void Close()
    {
        channel.Dispose();
        guarded.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int Direct() => Sweep(direct);

    [Benchmark]
    public int Guarded() => Sweep(guarded);

    [Benchmark]
    public int Asked() => Sweep(telling);

    private static int Sweep(IGpuSource source)
    {
        var processes = 0;
        foreach (var gpu in source.Gpus)
        {
            processes += source.Read(gpu.Index, 1, withProcesses: true).Frame!.Processes.Length;
        }
        return processes;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "GpuWatch.sln")))
        {
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No folder above holds GpuWatch.sln.");
        }
        return folder;
    }

    [LibraryImport("nvmlsim", EntryPoint = "nvmlsim_load_text", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Load(string scene);
}
