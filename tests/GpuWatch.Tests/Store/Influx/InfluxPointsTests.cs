using System.Collections.Immutable;
using System.Text;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;
using GpuWatch.Store.Influx;
using GpuWatch.Store.LineProtocol;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Store.Influx;

public sealed class InfluxPointsTests
{
    [Fact]
    public void Each_kind_of_sweep_and_event_has_its_lines()
    {
        var line = new LineWriter();
        var points = new InfluxPoints(line, new PointNames(
            "node-1",
            gpu => new GpuInfo(gpu, "GPU-aa", "NVIDIA H100", null, null, null),
            process => new ProcessFacts(process.Pid!.Value, Name: "python train.py", SlurmJob: "77"),
            (_, _) => Planned));
        points.Append(new Sweep(1.25, [GpuOutcome.Of(Frame), GpuOutcome.Of(1, new Fault(FaultKind.GpuLost, "fell off the bus"))]));
        points.Append(new PhaseChanged(2, 0, 42, JobPhase.FirstStep));
        points.Append(new ForecastMade(3, 0, 42, 0.125, 0.5, new ByteRange(new(900), new(1000), new(1100)))
        {
            Observed = ByComponent<ByteRange?>.Of(part => part == Component.Weights ? new ByteRange(new(10), new(11), new(12)) : null),
            Unexplained = new Bytes(7),
        });
        points.Append(new AlertRaised(4, 0, 42, Feared));
        points.Append(new AlertResolved(5, 0, null, Feared with { Severity = Severity.Info, EtaSeconds = null }));
        points.Append(new Reconciled(6, 0, 42, new(950), new(1000), ByComponent<ByteRange?>.Of(part => part == Component.Logits ? null : ByteRange.Exactly(Planned.Components[part])), null, new Bridge(new(1), null, null, new(1)), null));

        GoldenFile.Matches("influx-points.lp", Encoding.UTF8.GetString(line.Written));
    }

    private static GpuFrame Frame => new(1.25, 0, new(1000), new(600), new(50), null,
        [new ProcessReading(42, new(500), new(300), new(400)), new ProcessReading(43, null)]);

    private static Plan Planned => new()
    {
        PeakAllocated = ByteRange.Exactly(new(50)),
        PeakReserved = ByteRange.Exactly(new(52)),
        PeakDevice = ByteRange.Exactly(new(55)),
        PeakPhase = Phase.Steady,
        Components = new ByComponent<Bytes>(new(10), new(9), new(8), new(7), new(6), new(5), new(4), new(3), new(2), new(1)),
        Phases = default,
    };

    private static Core.Alert.Alert Feared => new(AlertKind.OomRisk, Severity.Critical, 0.9, 42, 30, 60, new(1100), new(1000),
        "Adam's states come with the first step: \"8 GiB\" more.", ImmutableSortedDictionary<string, double>.Empty);
}
