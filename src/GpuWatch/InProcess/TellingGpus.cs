using System.Collections.Immutable;
using GpuWatch.Core.Sample;

namespace GpuWatch.InProcess;

/// <summary>A source of frames, with what the processes tell of themselves beside what the driver tells of them.</summary>
internal sealed class TellingGpus(IGpuSource source, TellerChannel channel) : IGpuSource
{
    private readonly Dictionary<int, GpuInfo> infos = source.Gpus.ToDictionary(gpu => gpu.Index);

    /// <summary>GPUs for whose processes the source itself speaks, as the simulator does.</summary>
    private readonly HashSet<int> spokenFor = [];

    public ImmutableArray<GpuInfo> Gpus => source.Gpus;

    public bool HasChanged() => source.HasChanged();

    public bool HasTold(int gpu) => spokenFor.Contains(gpu) || channel.HasNews(gpu);

    public GpuOutcome Read(int gpu, double timeSeconds, bool withProcesses)
    {
        var outcome = source.Read(gpu, timeSeconds, withProcesses);
        if (!withProcesses || outcome.Frame is not { } frame)
        {
            return outcome;
        }
        _ = frame.TellsOfItself ? spokenFor.Add(gpu) : spokenFor.Remove(gpu);
        var added = channel.Add(frame, infos[gpu]);
        return ReferenceEquals(added, frame) ? outcome : GpuOutcome.Of(added);
    }

    public void Dispose() => source.Dispose();
}
