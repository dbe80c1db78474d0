using System.Collections.Immutable;
using System.Runtime.InteropServices;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Nvml;

namespace GpuWatch.InProcess;

/// <summary>
/// Adds to a frame what its processes tell of PyTorch's allocator. Their files are read by a thread of its own that is waited for
/// only briefly: a file system that hangs costs what they tell, not the sampling. A process that tells nothing costs a look every ten
/// seconds and nothing else. One caller at a time.
/// </summary>
/// <param name="look">Finds what a pid tells; blocks.</param>
/// <param name="say">Takes a sentence about a process that is not believed, once a process.</param>
/// <param name="refused">Called each time that one is not.</param>
internal sealed class TellerChannel(Func<int, TellerName?, TellerLook> look, TimeProvider time, Action<string> say, Action refused) : IDisposable
{
    /// <summary>Some hundred files are read in this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private const long Forget = 60_000_000_000;

    private readonly Dictionary<int, Teller> tellers = [];
    private readonly PatientWorker<List<Teller>, TellerLook[]> reading = new("in-process", due => LookAt(due, look), time);
    private readonly Dictionary<int, long> newsAt = [];
    private List<Teller> due = [];
    private long forgetAt;
    private bool hasHung;

    /// <summary>Whether a process on it should have told something new since the last reading.</summary>
    public bool HasNews(int gpu) => newsAt.TryGetValue(gpu, out var at) && Now >= at;

    /// <summary>CLOCK_MONOTONIC, as the processes read it.</summary>
    private long Now => (long)(time.GetTimestamp() * (1e9 / time.TimestampFrequency));

    public GpuFrame Add(GpuFrame frame, GpuInfo gpu)
    {
        var now = Now;
        var tells = false;
        due.Clear();
        foreach (var process in frame.Processes)
        {
            if (process.Pid is { } pid && process.TorchAllocated is null)
            {
                var teller = Find(pid, process.StartTicks, now);
                teller.Seen(gpu.Index, now);
                tells |= teller.Told is not null;
                if (now >= teller.NextAt)
                {
                    due.Add(teller);
                }
            }
        }
        if (due.Count > 0)
        {
            Read(now);
            tells = true;
        }
        Prune(now);
        newsAt.Remove(gpu.Index);
        return tells ? Told(frame, gpu, now) : frame;
    }

    private Teller Find(int pid, long? startTicks, long now)
    {
        ref var teller = ref CollectionsMarshal.GetValueRefOrAddDefault(tellers, pid, out _);
        if (teller is null || teller.StartTicks != startTicks)
        {
            teller = new Teller(pid, startTicks, now);
        }
        return teller;
    }

    private void Read(long now)
    {
        if (reading.TryRun(due, Patience, out var looks))
        {
            for (var i = 0; i < looks.Length; i++)
            {
                if (due[i].Take(looks[i], now) is { } refusal)
                {
                    Doubt(due[i], refusal);
                }
            }
            return;
        }
        due.ForEach(teller => teller.Postpone(now));
        if (!hasHung)
        {
            hasHung = true;
            say("the files in which processes tell of PyTorch's memory cannot be read in time; it stays unknown meanwhile.");
        }
        // The thread may still hold the list.
        due = [];
    }

    private static TellerLook[] LookAt(List<Teller> due, Func<int, TellerName?, TellerLook> look)
    {
        var looks = new TellerLook[due.Count];
        for (var i = 0; i < looks.Length; i++)
        {
            looks[i] = look(due[i].Pid, due[i].Name);
        }
        return looks;
    }

    private GpuFrame Told(GpuFrame frame, GpuInfo gpu, long now)
    {
        ImmutableArray<ProcessReading>.Builder? told = null;
        for (var i = 0; i < frame.Processes.Length; i++)
        {
            var process = frame.Processes[i];
            if (process.TorchAllocated is null && process.Pid is { } pid && tellers[pid] is { } teller && teller.TellsAt(now)
                && teller.Told!.On(gpu, teller.IsOnOneGpu(now)) is { } device && IsBelieved(teller, device, process.Used ?? frame.Total))
            {
                newsAt[gpu.Index] = newsAt.TryGetValue(gpu.Index, out var at) ? Math.Min(at, teller.NextAt) : teller.NextAt;
                told ??= frame.Processes.ToBuilder();
                told[i] = process with { TorchAllocated = device.Allocated, TorchReserved = device.Reserved };
            }
        }
        return told is null ? frame : frame with { Processes = told.MoveToImmutable() };
    }

    private bool IsBelieved(Teller teller, ToldDevice device, Bytes used)
    {
        var isWithin = teller.IsWithin(used, device, out var isFalse);
        if (isFalse)
        {
            Doubt(teller, "it tells of more reserved bytes than the driver has given it");
        }
        return isWithin;
    }

    private void Doubt(Teller teller, string why)
    {
        refused();
        if (!teller.IsDoubted)
        {
            teller.IsDoubted = true;
            say($"pid {teller.Pid}: what it tells of PyTorch's memory is not believed: {why}.");
        }
    }

    private void Prune(long now)
    {
        if (now < forgetAt)
        {
            return;
        }
        forgetAt = now + Forget;
        foreach (var (pid, teller) in tellers)
        {
            if (now - teller.SeenAt > Forget)
            {
                tellers.Remove(pid);
            }
        }
    }

    public void Dispose() => reading.Dispose();
}
