namespace GpuWatch.Tests.Support;

<<<<<<< HEAD
/// <summary>A clock that moves when a test says so; timers that come due fire on the test's thread, in order. Thread-safe.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = At.Start;

    /// <summary>Timers that will fire some day.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return timers.Count(timer => timer.Due is not null);
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        lock (gate)
        {
            timers.Add(timer);
        }
=======
/// <summary>A clock moved by hand: timers fire when it is moved past them, on the thread that moves it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock guard = new();
    private readonly List<ManualTimer> timers = [];
    private readonly SemaphoreSlim started = new(0);
    private DateTimeOffset now = At.Start;

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => now.Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Comes back when something has begun to wait on this clock; each wait is told once.</summary>
    public Task Waited() => started.WaitAsync();

    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (guard)
        {
            now += by;
            due = timers.FindAll(timer => timer.At <= now);
            timers.RemoveAll(timer => timer.At <= now);
        }
        due.ForEach(timer => timer.Fire());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
>>>>>>> a95ee23 (Record sweeps, store the agent's and survive its death)
        timer.Change(dueTime, period);
        return timer;
    }

<<<<<<< HEAD
    public void Advance(TimeSpan by)
    {
        var until = GetUtcNow() + by;
        while (NextUntil(until) is { } timer)
        {
            timer.Fire();
        }
    }

    private ManualTimer? NextUntil(DateTimeOffset until)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.Due <= until).MinBy(timer => timer.Due);
            now = next?.Due ?? until;
            next?.Rearm();
            return next;
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan every;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : time.now + dueTime;
                every = period;
                return true;
            }
        }

        public void Rearm() => Due = every > TimeSpan.Zero ? Due + every : null;

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time.gate)
            {
                Due = null;
                time.timers.Remove(this);
            }
        }

=======
    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public DateTimeOffset At { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.guard)
            {
                time.timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    At = time.now + dueTime;
                    time.timers.Add(this);
                    time.started.Release();
                }
            }
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

>>>>>>> a95ee23 (Record sweeps, store the agent's and survive its death)
        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
