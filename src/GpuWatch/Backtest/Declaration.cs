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

    /// <summary>Planned live peak of what runs over that of what was declared.</summary>
    public static double Ratio(Job real, Job declared) => Peak(real) / Peak(declared);

    public static double Peak(Job job) => Estimator.Estimate(job).Plan?.PeakAllocated.Likely.Count ?? double.NaN;
}
