using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Nvml;
using GpuWatch.Sinks;

namespace GpuWatch.Notify;

/// <summary>
/// Tells the job itself, once an alert: by a signal or a file, when the process is forecast to run out of memory. Which process
/// is meant is settled when it is first seen on the GPU, by its start time.
/// </summary>
internal sealed class SignalChannel(SignalOptions options) : INotifyChannel, ISampleSink
{
    /// <summary>By GPU: each pid in its last list, with the start time of the process.</summary>
    private readonly ConcurrentDictionary<int, ImmutableDictionary<int, long>> startTicks = [];

    public void Accept(Sweep sweep)
    {
        foreach (var outcome in sweep.Gpus)
        {
            if (outcome.Frame is { } frame)
            {
                var known = startTicks.GetValueOrDefault(frame.Gpu, ImmutableDictionary<int, long>.Empty);
                startTicks[frame.Gpu] = IsSame(known, frame) ? known : Met(known, frame);
            }
        }
    }

    public Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        string? problem = null;
        foreach (var notice in notices)
        {
            if (notice is { IsFiring: true, Happened.Pid: { } pid, Alert: { Kind: AlertKind.OomRisk, Severity: Severity.Critical } })
            {
                problem = Tell(notice.Happened.Gpu, pid) ?? problem;
            }
        }
        // A job that could not be told in time cannot be told later.
        return Task.FromResult(problem is null ? Delivery.Done : Delivery.GiveUp(problem));
    }

    private string? Tell(int gpu, int pid)
    {
        if (!startTicks.TryGetValue(gpu, out var known) || !known.TryGetValue(pid, out var start))
        {
            return string.Create(CultureInfo.InvariantCulture, $"process {pid} is not one of this machine");
        }
        if (options.Signal is { } signal && ProcessSignal.Send(pid, start, options.Users, signal) is { } problem)
        {
            return problem;
        }
        return options.Touch is { } file
            ? Touch(file
                .Replace("{pid}", pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("{gpu}", gpu.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
            : null;
    }

    /// <summary>Never through a link that somebody else put there: only a new file is made, and an old one is made anew.</summary>
    private static string? Touch(string file)
    {
        try
        {
            File.Delete(file);
            new FileStream(file, FileMode.CreateNew).Dispose();
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    private static bool IsSame(ImmutableDictionary<int, long> known, GpuFrame frame)
    {
        foreach (var process in frame.Processes)
        {
            if (process.Pid is { } pid && !known.ContainsKey(pid))
            {
                return false;
            }
        }
        return known.Count == frame.Processes.Length;
    }

    private ImmutableDictionary<int, long> Met(ImmutableDictionary<int, long> known, GpuFrame frame)
    {
        var met = ImmutableDictionary.CreateBuilder<int, long>();
        foreach (var process in frame.Processes)
        {
            if (process.Pid is { } pid && (known.TryGetValue(pid, out var start) ? start : process.StartTicks ?? StartedHere(pid)) is { } ticks)
            {
                met[pid] = ticks;
            }
        }
        return met.ToImmutable();
    }

    /// <summary>Null inside another pid namespace, where somebody else has that number.</summary>
    private long? StartedHere(int pid) => ProcStat.SeesHostPids ? ProcStat.StartTicks(pid) : null;
}
