using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>
/// Holds the plan against what is seen. What has been seen replaces what was assumed: a job that takes clearly more than its plan
/// in its first steps was declared wrong, and goes on with the plan of the likeliest mistake.
/// </summary>
/// <param name="plan">Of the job as declared; null without one.</param>
/// <param name="profile">What it was estimated by, and its mistakes are; null for the shipped one.</param>
public sealed class Reconciler(Job? job, Plan? plan, Profile? profile = null)
{
    /// <summary>A fully declared job is played to 0.13 % of what autograd keeps (docs/decisions/0010); cuBLAS adds a workspace of about 8 MiB.</summary>
    private const double PlayedTolerance = 0.002;
    private static readonly Bytes Workspaces = Bytes.FromMiB(16);
    /// <summary>Reserved over planned live bytes that batches of changing length reach by fragmentation in their first seconds, and more.</summary>
    private const double FragmentedRatio = 1.5;
    /// <summary>What exceeds the plan later than this after the first step has grown, and was not declared wrong.</summary>
    private const double FirstStepsSeconds = 20;
    /// <summary>The same for reserved bytes, in which a leak shows at once.</summary>
    private const double FirstStepSeconds = 5;

    /// <summary>Reserved over live bytes of an ordinary job.</summary>
    private const double UsualCache = 1.1;

    private Bytes explained;

    public Job? Job => job;
    public Plan? Declared { get; } = plan;
    /// <summary>The plan that stands: as declared, or corrected by the likeliest mistake.</summary>
    public Plan? Plan => Mistake?.Plan ?? Declared;
    /// <summary>The job takes clearly more than its declaration says.</summary>
    public bool IsBeyondDeclared { get; private set; }
    public Misdeclaration? Mistake { get; private set; }
    /// <summary>Most the process held beyond its context.</summary>
    public Bytes HeldPeak { get; private set; }

    /// <summary>The planned peak has come: no station is left that has not been seen.</summary>
    public bool IsFulfilled => Plan is { } standing && HeldPeak >= standing.PeakReserved.Likely * 0.97;

    public void Observe(ProcessSeries series)
    {
        HeldPeak = Bytes.Max(HeldPeak, series.Held);
        if (Declared is not { } plan || series.Phase == JobPhase.Loading || series.NowSeconds - series.FirstStepSeconds > FirstStepsSeconds)
        {
            return;
        }
        var seen = series.LivePeak ?? HeldPeak * (1 / UsualCache);
        if (seen > explained && (IsLiveBeyond(series, plan) || IsReservedBeyond(series, plan)))
        {
            IsBeyondDeclared = true;
            Mistake = Misdeclaration.Likeliest(job!, seen.Count, profile);
            explained = seen * (1 + PlayedTolerance) + Workspaces;
        }
    }

    private static bool IsLiveBeyond(ProcessSeries series, Plan plan) =>
        series.LivePeak is { } live
        && live > (plan.Assumed.IsDefaultOrEmpty ? plan.PeakAllocated.Likely * (1 + PlayedTolerance) : plan.PeakAllocated.High) + Workspaces;

    private bool IsReservedBeyond(ProcessSeries series, Plan plan) =>
        series.LivePeak is null && series.NowSeconds - series.FirstStepSeconds <= FirstStepSeconds
        && HeldPeak > plan.PeakAllocated.High * FragmentedRatio + Workspaces;
}
