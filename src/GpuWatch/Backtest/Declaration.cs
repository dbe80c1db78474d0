using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Backtest;

/// <summary>What a person might have declared of a job that really ran otherwise.</summary>
/// <param name="Mistake">The key that is wrong, and how.</param>
/// <param name="Words">What a judgement that names it says.</param>
internal sealed record Declaration(string Mistake, string Words, Job Job)
{
    /// <summary>From this ratio of the planned peaks on a wrong declaration costs memory that matters.</summary>
    public const double MaterialRatio = 1.1;
    private const double LeastDifference = 300.0 * Core.Units.Bytes.MiBCount;

    /// <summary>The declarations that promise less than <paramref name="real"/> takes.</summary>
    public static IEnumerable<Declaration> TooSmall(Job real)
    {
        foreach (var factor in new[] { 2, 4 })
        {
            if (real.SeqLen is { } length && length / factor >= 64)
            {
                yield return new($"seq_len / {factor}", "seq_len", real with { SeqLen = length / factor });
            }
            if (real.MicroBatch is { } batch && batch >= factor)
            {
                yield return new($"micro_batch / {factor}", "micro_batch", real with { MicroBatch = batch / factor });
            }
        }
        if (real.Checkpointing == "none")
        {
            yield return new("grad_checkpointing full", "grad_checkpointing none", real with { GradCheckpointing = "full" });
        }
        if (real.Attention == "eager")
        {
            yield return new("attention flash", "attention eager", real with { Attention = "flash" });
        }
        if (real.FusedCe is false)
        {
            yield return new("fused_ce yes", "not fused", real with { FusedCe = true, CrossEntropy = "fused" });
        }
        if (real.Optimizer is "adamw_torch" or "adamw_fused")
        {
            yield return new("optimizer adamw_8bit", "in 32 bits", real with { Optimizer = "adamw_8bit" });
        }
    }

    /// <summary>Those that promise more.</summary>
    public static IEnumerable<Declaration> TooLarge(Job real)
    {
        yield return new("seq_len x 2", "less", real with { SeqLen = real.SeqLen * 2 });
        yield return new("micro_batch x 2", "less", real with { MicroBatch = real.MicroBatch * 2 });
        if (real.Checkpointing == "full")
        {
            yield return new("grad_checkpointing none", "less", real with { GradCheckpointing = "none" });
        }
        if (real.Attention == "flash")
        {
            yield return new("attention eager", "less", real with { Attention = "eager" });
        }
    }

    /// <summary>Those whose weights are of another width than what was loaded, where that makes a difference worth a word.</summary>
    public static IEnumerable<Declaration> OtherWeights(Job real) =>
        Widths(real).Where(wrong => Math.Abs(Load(wrong.Job) - Load(real)) > LeastDifference);

    private static IEnumerable<Declaration> Widths(Job real)
    {
        if (real.WeightDtype == "fp32")
        {
            yield return new("weight_dtype bf16", "Loaded", real with { WeightDtype = "bf16", Amp = false });
        }
        else
        {
            var masters = real.MasterWeights is true;
            yield return new("weight_dtype fp32", "Loaded", real with { WeightDtype = "fp32", MasterWeights = false });
            yield return new($"master_weights {(masters ? "no" : "yes")}", "Loaded", real with { MasterWeights = !masters });
        }
    }

    /// <summary>Planned live peak of what runs over that of what was declared.</summary>
    public static double Ratio(Job real, Job declared) => Peak(real) / Peak(declared);

    private static double Load(Job job) => Estimator.Estimate(job).Plan?.Phases.Load.Count ?? double.NaN;

    public static double Peak(Job job) => Estimator.Estimate(job).Plan?.PeakAllocated.Likely.Count ?? double.NaN;
}
