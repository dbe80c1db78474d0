namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>The most bytes that live tensors asked for while the trace ran, and who held them then.</summary>
/// <param name="EventIndex">The event after which it was so; null = before the first one.</param>
/// <param name="TimeUs">Microseconds since 1970; null = the version tells no times.</param>
/// <param name="SinceStartUs">Microseconds since the first event; null likewise.</param>
/// <param name="Bytes">Asked for, not rounded.</param>
/// <param name="Reserved">Held from CUDA then.</param>
/// <param name="During">What the program was doing, by its own word; null = it did not say.</param>
/// <param name="Largest">The largest of the tensors, the largest first.</param>
/// <param name="Holders">The places in the program that held most, with the tensors of each; without a place those that nobody told of.</param>
public sealed record Peak(
    int? EventIndex, long? TimeUs, long? SinceStartUs, long Bytes, long Reserved, string? During, IReadOnlyList<Tensor> Largest, IReadOnlyList<Holder> Holders)
{
    private const int Most = 10;

    /// <returns>Null = there is no trace, or it does not tell.</returns>
    internal static Peak? Of(DeviceSnapshot device, Timeline timeline, TraceStart start)
    {
        if (device.Trace.Count == 0 || timeline is not { Allocated: { } after, AllocatedBefore: { } before })
        {
            return null;
        }
        var highest = after.AsSpan().IndexOf(after.Max());
        int? index = before > after[highest] ? null : highest;
        var time = index is { } at ? device.Trace[at].TimeUs : timeline.StartUs;
        var live = LiveAfter(device, start, index ?? -1);
        return new(
            index, time, time - timeline.StartUs, index is null ? before : after[highest], index is null ? timeline.ReservedBefore : timeline.Reserved[highest],
            device.Annotations.Where(span => span.StartUs <= time && time <= span.EndUs).MaxBy(span => span.StartUs)?.Name,
            [.. live.OrderByDescending(tensor => tensor.Bytes).ThenBy(tensor => tensor.Address).Take(Most)],
            [
                .. live.GroupBy(tensor => tensor.Frame)
                    .Select(place => new Holder(place.Key, place.Sum(tensor => tensor.Bytes), place.Count()))
                    .OrderByDescending(holder => holder.Bytes).ThenBy(holder => holder.Frame?.SourceFile, StringComparer.Ordinal).ThenBy(holder => holder.Frame?.Line).Take(Most),
            ]);
    }

    private static List<Tensor> LiveAfter(DeviceSnapshot device, TraceStart start, int last)
    {
        var live = start.Live.Where(block => !block.IsPending).ToDictionary(block => block.Address, block => new Tensor(block.Address, block.Requested, null, block.Frame));
        for (var at = 0; at <= last; at++)
        {
            var happened = device.Trace[at];
            if (happened.Kind == TraceAction.Alloc)
            {
                live[happened.Address] = new(happened.Address, happened.Size ?? 0, at, happened.Frame);
            }
            else if (happened.Kind == TraceAction.FreeRequested)
            {
                live.Remove(happened.Address);
            }
        }
        return [.. live.Values];
    }
}

/// <summary>A live allocation.</summary>
/// <param name="EventIndex">The event that made it; null = it is older than the trace.</param>
/// <param name="Frame">Where; null = not recorded.</param>
public sealed record Tensor(long Address, long Bytes, int? EventIndex, Frame? Frame);

/// <summary>A place in the program and what it held.</summary>
/// <param name="Frame">Null = not recorded.</param>
public sealed record Holder(Frame? Frame, long Bytes, int Tensors);
