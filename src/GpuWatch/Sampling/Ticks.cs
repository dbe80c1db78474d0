using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace GpuWatch.Sampling;

/// <summary>The heartbeat of sampling.</summary>
internal static class Ticks
{
    /// <summary>Ticks on the grid of <paramref name="period"/>; a late tick is skipped, never replayed.</summary>
    public static IObservable<DateTimeOffset> Every(TimeSpan period, IScheduler scheduler) =>
        Every(() => period, scheduler);

    /// <summary>The same with a period that may change: it is asked after each tick, for the way to the next.</summary>
    public static IObservable<DateTimeOffset> Every(Func<TimeSpan> period, IScheduler scheduler) =>
        Observable
            .Generate(0, _ => true, _ => 0, _ => 0, _ => ToTheGrid(period(), scheduler.Now), scheduler)
            .Select(_ => scheduler.Now);

    private static TimeSpan ToTheGrid(TimeSpan period, DateTimeOffset now) =>
        period - TimeSpan.FromTicks(now.Ticks % period.Ticks);
}
