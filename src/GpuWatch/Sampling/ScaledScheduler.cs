using System.Reactive.Concurrency;

namespace GpuWatch.Sampling;

/// <summary>
/// A clock that runs faster than another: what the simulated driver plays N times as fast is then sampled, forecast and
/// timed in its own seconds.
/// </summary>
/// <param name="origin">When both clocks show the same time.</param>
internal sealed class ScaledScheduler(IScheduler inner, double speed, DateTimeOffset origin) : IScheduler
{
    public DateTimeOffset Now => origin + (inner.Now - origin) * speed;

    public IDisposable Schedule<TState>(TState state, Func<IScheduler, TState, IDisposable> action) =>
        inner.Schedule(state, (_, own) => action(this, own));

    public IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action) =>
        inner.Schedule(state, dueTime / speed, (_, own) => action(this, own));

    public IDisposable Schedule<TState>(TState state, DateTimeOffset dueTime, Func<IScheduler, TState, IDisposable> action) =>
        Schedule(state, Scheduler.Normalize(dueTime - Now), action);
}
