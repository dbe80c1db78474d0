using System.Reactive.Concurrency;

namespace GpuWatch.Sampling;

/// <summary>
/// The time of a simulator that plays faster than the world. It goes from one scheduled instant to the next, and takes the
/// simulator's clock with it: so a tick reads what holds at its own time. Left to run by itself the clock would turn each
/// millisecond that this machine is late into N of the simulator's, and rows would be missed that no real agent misses.
/// </summary>
/// <param name="inner">The world's time, which sets the pace: what is late is caught up with, never skipped.</param>
/// <param name="speed">Above 0: how many times faster than the world.</param>
/// <param name="start">The time at which it begins, shown from the start.</param>
/// <param name="show">Moves the simulator's clock; told before what was scheduled for that time runs.</param>
internal sealed class PlayedScheduler(IScheduler inner, double speed, DateTimeOffset start, Action<DateTimeOffset> show) : IScheduler
{
    private readonly DateTimeOffset began = inner.Now;
    private readonly DateTimeOffset start = start;
    private readonly Lock gate = new();
    private DateTimeOffset now = start;

    public DateTimeOffset Now
    {
        get
        {
            lock (gate)
            {
                return now;
            }
        }
    }

    public IDisposable Schedule<TState>(TState state, Func<IScheduler, TState, IDisposable> action) =>
        inner.Schedule(state, (_, own) => action(this, own));

    public IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action) =>
        Schedule(state, Now + dueTime, action);

    public IDisposable Schedule<TState>(TState state, DateTimeOffset dueTime, Func<IScheduler, TState, IDisposable> action) =>
        inner.Schedule(state, Scheduler.Normalize(began + (dueTime - start) / speed - inner.Now), (_, own) =>
        {
            Arrive(dueTime);
            return action(this, own);
        });

    private void Arrive(DateTimeOffset due)
    {
        lock (gate)
        {
            if (due > now)
            {
                now = due;
                show(now);
            }
        }
    }
}
