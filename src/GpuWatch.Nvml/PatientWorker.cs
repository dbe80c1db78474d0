using System.Runtime.ExceptionServices;

namespace GpuWatch.Nvml;

/// <summary>
/// One background thread for calls that may never return. The caller waits no longer than its patience; a call that is still out
/// then costs its own answer only: until it is back nothing else is given to the thread, and no second thread is started.
/// The thread does not keep the process alive. One caller at a time.
/// </summary>
public sealed class PatientWorker<TIn, TOut> : IDisposable
{
    private readonly object gate = new();
    private readonly Func<TIn, TOut> work;
    private readonly TimeProvider time;
    private readonly ITimer patienceTimer;

    private TIn input = default!;
    private TOut output = default!;
    private ExceptionDispatchInfo? bug;
    private long startedAt;

    /// <summary>A request is with the thread; its answer is there; the caller has stopped waiting for it; no more will come.</summary>
    private bool isOut, isAnswered, isImpatient, isStopped;

    public PatientWorker(string name, Func<TIn, TOut> work, TimeProvider time)
    {
        this.work = work;
        this.time = time;
        patienceTimer = time.CreateTimer(_ => LosePatience(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        new Thread(Loop) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>How long the call that is out has been out; zero when none is.</summary>
    public TimeSpan Out
    {
        get
        {
            lock (gate)
            {
                return isOut ? time.GetElapsedTime(startedAt) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>False: there is no answer, since this call or an earlier one is still out.</summary>
    public bool TryRun(TIn request, TimeSpan patience, out TOut answer)
    {
        lock (gate)
        {
            answer = default!;
            bug?.Throw();
            if (isOut || isStopped)
            {
                return false;
            }
            (input, isOut, isAnswered, isImpatient, startedAt) = (request, true, false, false, time.GetTimestamp());
            Monitor.PulseAll(gate);
            patienceTimer.Change(patience, Timeout.InfiniteTimeSpan);
            while (!isAnswered && !isImpatient && !isStopped)
            {
                Monitor.Wait(gate);
            }
            patienceTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            bug?.Throw();
            answer = output;
            return isAnswered;
        }
    }

    private void LosePatience()
    {
        lock (gate)
        {
            isImpatient = true;
            Monitor.PulseAll(gate);
        }
    }

    private void Loop()
    {
        while (TryTake(out var request))
        {
            try
            {
                Answer(work(request), null);
            }
            catch (Exception thrown)
            {
                Answer(default!, ExceptionDispatchInfo.Capture(thrown));
            }
        }
    }

    /// <summary>What comes after the caller has left is of a time gone by, and dropped; a bug is not: the next caller gets it.</summary>
    private void Answer(TOut answer, ExceptionDispatchInfo? thrown)
    {
        lock (gate)
        {
            output = isImpatient ? default! : answer;
            bug = thrown;
            isAnswered = !isImpatient;
            isOut = false;
            Monitor.PulseAll(gate);
        }
    }

    private bool TryTake(out TIn request)
    {
        lock (gate)
        {
            while (!isOut && !isStopped)
            {
                Monitor.Wait(gate);
            }
            request = input;
            return !isStopped;
        }
    }

    /// <summary>Ends the thread as soon as its call is back; does not wait for it.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isStopped = true;
            Monitor.PulseAll(gate);
        }
        patienceTimer.Dispose();
    }
}
