using GpuWatch.Core.Estimate.Formulas;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>What the knobs of a profile turn: the phases as they were played, and what of the job decides which knobs apply.</summary>
/// <param name="LossUnsaid">The trainer does not say how its loss is computed.</param>
/// <param name="Widened">The base runs through bitsandbytes' 4-bit layers and nothing is checkpointed.</param>
/// <param name="KbitInputs">Bytes of fp32 copies of what goes into the blocks' linears.</param>
/// <param name="Sharded">Units of the weights are gathered as they are needed, and let go on another stream: FSDP and ZeRO-3, not ZeRO-1 and 2.</param>
/// <param name="LengthsVary">Steps differ in length.</param>
/// <param name="Card">Bytes CUDA can use of the card, if it or its size is named.</param>
/// <param name="ToldWhole"><see cref="Plan.IsToldWhole"/>.</param>
/// <param name="Cached">Bytes the allocator reserves beyond the allocated peak, as replayed.</param>
/// <param name="Paged">Bytes of the optimizer's states in managed memory.</param>
/// <param name="Last">The last phase the job is told to have.</param>
/// <param name="Kind">Which profile holds for it.</param>
/// <param name="UsualContext">GiB of context and libraries of this generation of GPUs.</param>
internal readonly record struct Features(
    StepPlan Played, bool LossUnsaid, bool Widened, long KbitInputs, bool LengthsVary, bool Sharded, int Gpus, double UsualContext, bool ToldWhole, double? Card, long Cached, long Paged, Phase Last,
    JobKind Kind)
{
    /// <summary>Through bitsandbytes' layers, as trainers run 4 bits of which nothing else is said; a job told down to its loss is played as it says.</summary>
    private static bool InFourBits(Workload work) => work.Job.QuantFormat is "nf4" or "nf4-dq" or "fp4"
        || (work.Job is { QuantFormat: null, QuantBits: 4, Method: "qlora" or "qdora" } && !IsToldWhole(work));

    private static bool IsToldWhole(Workload work) =>
        work.Assumed.IsEmpty && work.Job.CrossEntropy is not null && work.Step.Loss is not Loss.Kept && (work.Job.NumGpus ?? 1) == 1;

    public static Features Of(in StepPlan played, long cached, Workload work) => new(
        played,
        work.Step.Loss is Loss.Kept,
        InFourBits(work) && !work.Step.Block.Checkpointed && work.Step.Backward,
        Inputs(work.Step.Block) * work.Step.Layers,
        work.LengthsVary,
        work.Layout.SharesWeights,
        work.Job.NumGpus ?? 1,
        Contexts.Usual(work.Job.GpuName),
        IsToldWhole(work),
        Room.Fillable(work.Job),
        cached,
        StepPlan.Paged(work),
        work.Evaluates && played.Evaluation.Total > 0 ? Phase.Evaluation : Phase.Steady,
        JobKind.Of(work));

    /// <summary>Of one block: side by side on one norm, or the MLP on a norm of its own.</summary>
    private static long Inputs(Block block) =>
        Beside.KbitInputs(block.Tokens, (block.Norms == 1 ? 1 : 2) * block.Hidden + block.Values + block.Intermediate) / block.Slices;

    public bool Several => Gpus > 1;

    /// <summary>Whether a knob has a say in this job's estimate.</summary>
    public bool Feels(Knob knob) => knob switch
    {
        Knob.Logits => LossUnsaid,
        Knob.KbitWidening => Widened,
        Knob.Gathered or Knob.CacheSharded => Sharded,
        Knob.Cache => !LengthsVary && !ToldWhole,
        Knob.CacheVarying => LengthsVary && !ToldWhole,
        Knob.Caches => !ToldWhole,
        Knob.Collectives => Several,
        _ => true,
    };
}

/// <summary>CUDA context and libraries by generation of GPU, GiB.</summary>
internal static class Contexts
{
    /// <summary>
    /// V100 and older with CUDA before 11.7: 1343 MiB (Hugging Face docs, perf_train_gpu_one); A100 0.5–0.9 with lazy loading (ml-engineering);
    /// it grows with the number of SMs: RTX 4060 Ti 107 MiB, RTX 3090 256, RTX 6000 Ada 426, A100 414, RTX PRO 6000 555 (public issues).
    /// </summary>
    [Formula("Hugging Face docs, perf_train_gpu_one; ml-engineering; public issues, by card")]
    public static double Usual(string? gpu) => gpu switch
    {
        null => 0.6,
        _ when gpu.Contains("V100", StringComparison.OrdinalIgnoreCase) || gpu.Contains("T4", StringComparison.OrdinalIgnoreCase) => 1.2,
        _ when gpu.Contains("H100", StringComparison.OrdinalIgnoreCase) || gpu.Contains("H200", StringComparison.OrdinalIgnoreCase) => 0.7,
        _ when gpu.Contains("RTX", StringComparison.OrdinalIgnoreCase) => 0.4,
        _ => 0.6,
    };
}
