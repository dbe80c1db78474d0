using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>Says once why a GPU gives no data, and once that it does again: faults of permission or of the library raise no alert.</summary>
internal sealed class FaultLog(Action<string> say) : ISampleSink
{
    private readonly Dictionary<int, FaultKind> standing = [];

    public void Accept(Sweep sweep)
    {
        foreach (var outcome in sweep.Gpus)
        {
            if (outcome.Fault is not { } fault)
            {
                if (standing.Remove(outcome.Gpu))
                {
                    say($"GPU {outcome.Gpu} gives data again.");
                }
            }
            // One late answer is no news; when it lasts the source calls the driver unresponsive.
            else if (fault.Kind != FaultKind.Timeout && (!standing.TryGetValue(outcome.Gpu, out var kind) || kind != fault.Kind))
            {
                standing[outcome.Gpu] = fault.Kind;
                say(fault.Reason);
                if (fault.Kind == FaultKind.Removed)
                {
                    // Its number may pass to another.
                    standing.Remove(outcome.Gpu);
                }
            }
        }
    }
}
