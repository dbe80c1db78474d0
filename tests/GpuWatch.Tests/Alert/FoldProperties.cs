using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Alert;

/// <summary>What must hold whatever the samples: nothing is known of the future, and the same samples give the same words.</summary>
public sealed class FoldProperties
{
    private const int DeclaredPid = 8;
    private static readonly Bytes Total = Bytes.FromGiB(16);
    private static readonly Job Small = new()
    {
        Architecture = new Architecture(null, "llama", null, 2048, 6, 32, 4, 5632, 32000, false, false),
        Method = "full", WeightDtype = "bf16", MicroBatch = 1, SeqLen = 1024, Optimizer = "adamw_fused", Attention = "flash",
    };

    /// <summary>What a process tells of itself: nothing, all, its live bytes alone, or all a moment later than NVML looked.</summary>
    private enum Tells { Nothing, All, Live, Later }

    [Fact]
    public void A_trace_cut_anywhere_says_the_same_up_to_the_cut() => Check((frames, cut) =>
        Events(frames.Take(cut)).SequenceEqual(Events(frames).Where(told => told.TimeSeconds < cut)));

    [Fact]
    public void Two_replays_say_the_same() => Check((frames, _) => Events(frames).SequenceEqual(Events(frames)));

    /// <summary>By a power of two, so that differences of times stay exactly what they were.</summary>
    [Fact]
    public void The_same_samples_at_another_time_say_the_same() => Check((frames, _) =>
        Events(frames.Select(frame => frame with { TimeSeconds = frame.TimeSeconds + (1 << 20) })).Select(told => told with { TimeSeconds = told.TimeSeconds - (1 << 20) })
            .SequenceEqual(Events(frames)));

    /// <summary>A rare walk of the property above: stairs as an evaluation's come again, and are a leak's, for the process steps. There are no four that crowd.</summary>
    [Fact]
    public void A_leak_of_three_stairs_grows_as_fast_as_they_come()
    {
        (double Seconds, double UsedGiB, double LiveGiB, double DeviceGiB)[] samples =
            [(0.25, 0.5, 0.186, 2.5), (8.5, 0.3, 0, 2.4), (21.5, 0.4, 0.079, 2.5), (23.25, 0.4, 0.071, 2.5), (24, 0.5, 0.1, 2.5), (27, 0.6, 0.193, 2.7)];
        var events = new List<WatchEvent>();
        var watch = new DeviceWatch(0, _ => null);
        foreach (var (seconds, used, live, device) in samples)
        {
            watch.Observe(new GpuFrame(1e9 + seconds, 0, Total, Bytes.FromGiB(device), null, null, [new ProcessReading(7, Bytes.FromGiB(used), Bytes.FromGiB(live))]), events);
        }

        var leak = events.OfType<AlertRaised>().Single(raised => raised.Alert.Kind == AlertKind.Leak).Alert;
        Assert.InRange(leak.Evidence["bytes_per_s"], 0.1 / 3 * (1 << 30), 0.1 / 2.5 * (1 << 30));
    }

    [Fact]
    public void Probabilities_are_probabilities_and_longer_horizons_hold_no_less() => Check((frames, _) =>
        Events(frames).OfType<ForecastMade>().All(made =>
            made.OomWithin60s is >= 0 and <= 1 && made.OomWithin600s is >= 0 and <= 1 && made.OomWithin60s <= made.OomWithin600s + 1e-12
            && made.PredictedPeak.Low <= made.PredictedPeak.Likely && made.PredictedPeak.Likely <= made.PredictedPeak.High));

    [Fact]
    public void An_episode_pages_once_and_is_resolved_before_it_pages_again() => Check((frames, _) =>
        Events(frames)
            .Where(told => told is AlertRaised { Alert: { Kind: AlertKind.OomRisk, Severity: Severity.Critical } } or AlertResolved { Alert.Kind: AlertKind.OomRisk })
            .Aggregate((Open: false, Sound: true), (state, told) =>
                told is AlertRaised ? (true, state.Sound && !state.Open) : (false, state.Sound)).Sound);

    private static void Check(Func<ImmutableArray<GpuFrame>, int, bool> holds) =>
        Prop.ForAll(Walks().ToArbitrary(), walk => holds(walk.Frames, walk.Cut)).QuickCheckThrowOnFailure();

    private static List<WatchEvent> Events(IEnumerable<GpuFrame> frames)
    {
        var events = new List<WatchEvent>();
        var watch = new DeviceWatch(0, reading => reading.Pid == DeclaredPid ? Small : null);
        foreach (var frame in frames)
        {
            watch.Observe(frame, events);
        }
        return [.. events.Select(Comparable)];
    }

    /// <summary>Evidence is compared by its content.</summary>
    private static WatchEvent Comparable(WatchEvent told) => told switch
    {
        AlertRaised raised => raised with { Alert = Flat(raised.Alert) },
        AlertResolved resolved => resolved with { Alert = Flat(resolved.Alert) },
        _ => told,
    };

    private static Core.Alert.Alert Flat(Core.Alert.Alert alert) => alert with
    {
        Evidence = ImmutableSortedDictionary<string, double>.Empty,
        Reason = alert.Reason + string.Join(' ', alert.Evidence.Select(pair => FormattableString.Invariant($"{pair.Key}={pair.Value}"))),
    };

    /// <summary>Stairs, falls, ramps and plateaus of one process, declared or not, at irregular times, the device's bytes now and then out of step; and a place to cut.</summary>
    private static Gen<(ImmutableArray<GpuFrame> Frames, int Cut)> Walks() =>
        from moves in Gen.ListOf(Gen.Choose(0, 99), 150)
        from tells in Gen.Elements(Enum.GetValues<Tells>())
        from pid in Gen.Elements(7, DeclaredPid)
        from cut in Gen.Choose(1, moves.Count)
        select (Frames(moves, tells, pid), cut);

    private static ImmutableArray<GpuFrame> Frames(IEnumerable<int> moves, Tells tells, int pid)
    {
        var (level, before, others, index, time) = (0.4, 0.4, 2.0, 0, 0.0);
        return [.. moves.Select(move =>
        {
            before = level;
            level = move switch { < 20 => level + 0.1, < 26 => level + 1.5, < 30 => level * 0.6, _ => level };
            others += move is > 90 ? 0.05 : 0;
            level = Math.Clamp(level, 0.3, 16 - others);
            time = index++ + move % 3 * 0.25;
            var (live, reserved) = (Bytes.FromGiB((level - 0.3) * (0.5 + move % 7 / 14.0)), Bytes.FromGiB(level - 0.3));
            var (seen, device) = (Bytes.FromGiB(tells == Tells.Later ? before : level), Bytes.FromGiB((move % 17 == 0 ? before : level) + others));
            var reading = new ProcessReading(pid, seen, tells == Tells.Nothing ? null : live, tells is Tells.All or Tells.Later ? reserved : null);
            return new GpuFrame(time, 0, Total, Bytes.Min(Total, device), null, null, [reading]);
        })];
    }
}
