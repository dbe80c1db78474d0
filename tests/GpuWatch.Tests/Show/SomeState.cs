using System.Collections.Immutable;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show;

/// <summary>A node with two GPUs, two processes (one with a wicked name) and one alert, at second 100.</summary>
internal static class SomeState
{
    public static LiveState Node(TimeProvider time)
    {
        var live = new LiveState(new ProcessDirectory(Facts, new ManualTime()), time);
        live.Introduce(
        [
            new GpuInfo(0, "GPU-aaaa", "NVIDIA A100 80GB", "00000000:01:00.0", "570.10", Bytes.FromGiB(80)),
            new GpuInfo(1, "GPU-bbbb", "NVIDIA A100 80GB", "00000000:02:00.0", "570.10", Bytes.FromGiB(80)),
        ]);
        live.Accept(new Sweep(99, [GpuOutcome.Of(Frame(99, 40)), GpuOutcome.Of(1, new Fault(FaultKind.GpuLost, "GPU 1 fell off the bus."))]));
        live.Accept(new PhaseChanged(99, 0, 4242, JobPhase.FirstStep));
        live.Accept(new ForecastMade(99, 0, 4242, 0.75, 0.875, new ByteRange(Bytes.FromGiB(80), Bytes.FromGiB(85), Bytes.FromGiB(90)))
        {
            Observed = ByComponent<ByteRange?>.Of(part => part == Component.Weights ? ByteRange.Exactly(Bytes.FromGiB(13)) : null),
            Unexplained = Bytes.FromMiB(3),
        });
        live.Accept(new AlertRaised(99, 0, 4242, Danger));
        live.Accept(new Sweep(100, [GpuOutcome.Of(Frame(100, 42))]));
        return live;
    }

    public static Core.Alert.Alert Danger { get; } = new(
        AlertKind.OomRisk, Severity.Critical, 0.75, 31, 20, 50, Bytes.FromGiB(85), Bytes.FromGiB(80),
        "Needs 43 GiB more at its first optimizer step; 37 GiB are free.", ImmutableSortedDictionary<string, double>.Empty);

    public static GpuFrame Frame(double at, double gib) => new(
        at, 0, Bytes.FromGiB(80), Bytes.FromGiB(gib + 1), Bytes.FromGiB(0.5), Bytes.FromGiB(80 - gib - 1.5),
        [new ProcessReading(4242, Bytes.FromGiB(gib), StartTicks: 7), new ProcessReading(4300, Bytes.FromGiB(0.5))]);

    private static ProcessFacts Facts(int pid) => pid == 4242
        ? new ProcessFacts(pid, 7, "python", "python train.py", "anna", SlurmJob: "777")
        : new ProcessFacts(pid, null, "e\"v\\i\nl", "<script>alert(1)</script>\u001b[31m");
}
