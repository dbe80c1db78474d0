using System.Collections.Immutable;
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
    /// <summary>Only what exceeds the explained by this share is thought over again.</summary>
    private const double Retold = 0.02;

    private readonly PlayedPlan? declared = plan is null ? null : new(job, plan);
    private ImmutableArray<Misdeclaration>? mistakes;
    private Bytes explained;

    public Job? Job => job;
    public Plan? Declared => declared?.Plan;
    /// <summary>The plan that stands: as declared, or corrected by the likeliest mistake.</summary>
    public Plan? Plan => Mistake?.Plan ?? Declared;
    /// <summary>
    /// Room the declared steps need at the least, over their live peak; 1 without a job, and where they are not the declared ones: what a guess
    /// needs is not known to the last piece. Played when it is first asked for.
    /// </summary>
    public double Tightness => Mistake is not null ? 1 : declared?.Tightness ?? 1;
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
        if (declared is null || !series.HasStepped || series.IsEvaluating)
        {
            return;
        }
        var seen = series.LivePeak ?? HeldPeak;
        if (seen > explained && Excess.Of(series, HeldPeak, declared))
        {
            IsBeyondDeclared = true;
            Mistake = Misdeclaration.Likeliest(declared, mistakes ??= Misdeclaration.Of(job!, profile), Evidence.Of(series, HeldPeak));
            explained = seen * (1 + Retold) + Excess.Workspaces;
        }
    }
}
