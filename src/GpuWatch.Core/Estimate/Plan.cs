using System.Collections.Immutable;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>What the job must allocate, by component and by phase, each size with its 90 % interval.</summary>
public sealed record Plan
{
    /// <summary>Peak of live tensors as PyTorch's allocator rounds them (torch.cuda.max_memory_allocated).</summary>
    public required ByteRange PeakAllocated { get; init; }
    /// <summary>Peak of what the caching allocator holds from CUDA (torch.cuda.max_memory_reserved).</summary>
    public required ByteRange PeakReserved { get; init; }
    /// <summary>Peak of the process as NVML sees it: reserved + CUDA context + libraries.</summary>
    public required ByteRange PeakDevice { get; init; }
    public required Phase PeakPhase { get; init; }
    /// <summary>At the peak; they sum to the likely device peak (CONTRACTS 4).</summary>
    public required ByComponent<Bytes> Components { get; init; }
    public required PhasePeaks Phases { get; init; }
    /// <summary>Logits of one batch of evaluation: what it takes to keep a batch's result; 0 where nothing is trained.</summary>
    public Bytes EvaluationLogits { get; init; }
    /// <summary>What the allocated peak of each phase is made of.</summary>
    public Stations Stations { get; init; }
    public ImmutableArray<string> Assumed { get; init; } = [];
    /// <summary>Nothing had to be assumed, down to how the loss is computed, on one GPU: it is played as it runs.</summary>
    public bool IsToldWhole { get; init; }
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>The stations of a training job at which its memory peaks.</summary>
public enum Phase { Load, FirstForward, FirstBackward, FirstOptimizer, Steady, Evaluation }

/// <summary>Live bytes by component at the peak of each phase; context and cache are not live and 0 here.</summary>
public readonly record struct Stations(
    ByComponent<Bytes> Load,
    ByComponent<Bytes> FirstForward,
    ByComponent<Bytes> FirstBackward,
    ByComponent<Bytes> FirstOptimizer,
    ByComponent<Bytes> Steady);

/// <summary>Allocated peak of each phase: the first step's stations and a steady step.</summary>
/// <param name="Evaluation">Of a forward pass between steps, whether or not the job is told to evaluate; null where nothing is trained.</param>
public readonly record struct PhasePeaks(
    Bytes Load,
    Bytes FirstForward,
    Bytes FirstBackward,
    Bytes FirstOptimizer,
    Bytes Steady,
    Bytes? Evaluation = null);
