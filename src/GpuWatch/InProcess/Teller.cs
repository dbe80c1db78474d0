using System.Numerics;
using GpuWatch.Core.Units;

namespace GpuWatch.InProcess;

/// <summary>One process as the channel knows it: what it told last, and when to look again. Times are nanoseconds of CLOCK_MONOTONIC.</summary>
internal sealed class Teller(int pid, long? startTicks, long now)
{
    private const long Second = 1_000_000_000;

    /// <summary>A process tells soon after its context is there, or never: looks grow rarer up to this.</summary>
    private const long LongestWait = 10 * Second;

    /// <summary>Used and reserved bytes are read up to a period apart, and the driver counts in its own granules.</summary>
    private static readonly Bytes Slack = Bytes.FromMiB(256);
    private const int ExcessiveInARow = 3;

    private readonly long firstAt = now;
    private long wait = Second / 2;
    private ulong gpus;
    private Told? excessive;
    private int excesses;

    public int Pid => pid;
    public long? StartTicks => startTicks;
    public TellerName? Name { get; private set; }
    public Told? Told { get; private set; }
    public long NextAt { get; private set; } = now;
    public long SeenAt { get; private set; } = now;
    /// <summary>It was complained of; once is enough.</summary>
    public bool IsDoubted { get; set; }

    /// <summary>The driver has listed it on one GPU only, and not just now for the first time: then the others have not been read yet.</summary>
    public bool IsOnOneGpu(long now) => BitOperations.PopCount(gpus) == 1 && now > firstAt;

    /// <param name="gpu">Index of the GPU on which it is listed.</param>
    public void Seen(int gpu, long now)
    {
        SeenAt = now;
        gpus |= 1UL << (gpu & 63);
    }

    /// <summary>
    /// A process cannot hold more from CUDA than the driver has given it. For a moment it may have told of what it has just given back,
    /// so that it is only doubted when it goes on.
    /// </summary>
    /// <param name="isFalse">It has gone on.</param>
    public bool IsWithin(Bytes used, ToldDevice device, out bool isFalse)
    {
        isFalse = false;
        if (device.Reserved <= used + Slack)
        {
            excesses = 0;
            return true;
        }
        if (excessive != Told)
        {
            (excessive, excesses) = (Told, excesses + 1);
            isFalse = excesses >= ExcessiveInARow;
        }
        return false;
    }

    public bool TellsAt(long now) => Told?.IsFresh(now) is true;

    /// <summary>Takes what a look has found.</summary>
    /// <returns>Why it is not believed; null: it is, or there is nothing.</returns>
    public string? Take(TellerLook look, long now)
    {
        var refusal = look.Refusal ?? (look.Told?.MonotonicNanoseconds > now + Second ? "its time lies in the future" : null);
        if (refusal is null && look.Told is { } told && told.IsFresh(now))
        {
            (Name, Told, wait) = (look.Name, told, Second / 2);
            NextAt = told.NextAt;
            return null;
        }
        // It may have ended, and its number be another's: then it has another name.
        (Name, Told) = (Told is null && refusal is null ? look.Name : null, null);
        Postpone(now);
        return refusal;
    }

    /// <summary>Nothing could be found out for now.</summary>
    public void Postpone(long now) => (NextAt, wait) = (now + wait, Math.Min(2 * wait, LongestWait));
}
