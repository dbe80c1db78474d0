using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.Tests.Support;

/// <summary>A recorded GPU as a driver would show it: at any instant the row that holds then, until the next one.</summary>
internal sealed class PlayedTrace(IReadOnlyList<GpuFrame> frames) : IGpuSource
{
    private int at;

    public ImmutableArray<GpuInfo> Gpus { get; } = [new GpuInfo(frames[0].Gpu, null, "Recorded", null, null, frames[0].Total)];

    public bool HasChanged() => false;

    /// <param name="timeSeconds">Never less than the time before.</param>
    public GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses)
    {
        while (at + 1 < frames.Count && frames[at + 1].TimeSeconds <= timeSeconds)
        {
            at++;
        }
        var row = frames[at];
        return GpuOutcome.Of(row with { TimeSeconds = timeSeconds, Processes = withProcesses ? row.Processes : [] });
    }

    public void Dispose()
    {
    }
}
