using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Alert;

/// <summary>What is looked at on every sample leaves no garbage: only what is said costs memory.</summary>
public sealed class SteadyStateTests
{
    private const int Before = 2000;
    private const int Measured = 2000;
    private static readonly Job Declared = new()
    {
        Architecture = new Architecture(null, "llama", null, 2048, 6, 32, 4, 5632, 32000, false, false),
        Method = "full", WeightDtype = "bf16", Optimizer = "adamw_torch", GradCheckpointing = "none", Attention = "flash",
        CrossEntropy = "hf2025", MicroBatch = 1, SeqLen = 1024,
    };

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_sample_of_which_nothing_is_said_allocates_nothing(bool withJob, bool tellsOfItself)
    {
        var frames = Enumerable.Range(0, Before + Measured).Select(i => Frame(i, tellsOfItself)).ToArray();
        var watch = new DeviceWatch(0, _ => withJob ? Declared : null, new WatchOptions { ForecastEverySeconds = 1e9 });
        var events = new List<WatchEvent>(64);
        foreach (var frame in frames.AsSpan(0, Before))
        {
            watch.Observe(frame, events);
        }
        var said = events.Count;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        foreach (var frame in frames.AsSpan(Before))
        {
            watch.Observe(frame, events);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.Equal(said, events.Count);
    }

    /// <summary>Loading, a first step, then a saw-tooth of live bytes under a plateau that now and then falls and fills again.</summary>
    private static GpuFrame Frame(int i, bool tellsOfItself)
    {
        var held = i < 20 ? 0.1 * i : i < 24 ? 2 : i % 100 == 0 ? 7.5 : 8;
        var (used, live) = (Bytes.FromGiB(0.4 + held), Bytes.FromGiB(held * (0.3 + 0.06 * (i % 11))));
        return new(0.5 * i, 0, Bytes.FromGiB(16), used, null, null, [new(1, used, tellsOfItself ? live : null, tellsOfItself ? Bytes.FromGiB(held) : null)]);
    }
}
