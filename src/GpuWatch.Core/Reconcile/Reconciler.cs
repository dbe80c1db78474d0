using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Reconcile;

/// <summary>
/// Holds the plan against what is seen. What has been seen replaces what was assumed: a job that loaded other weights than its plan says, or takes
/// clearly more than it in its first steps, was declared wrong, and goes on with the plan of the likeliest mistake.
/// </summary>
/// <param name="plan">Of the job as declared; null without one.</param>
/// <param name="profile">What it was estimated by, and its mistakes are; null for the shipped one.</param>
public sealed class Reconciler(Job? job, Plan? plan, Profile? profile = null)
{
    /// <summary>Only what exceeds the explained by this share is thought over again.</summary>
    private const double Retold = 0.02;

    private readonly PlayedPlan? declared = plan is null ? null : new(job, plan);
    /// <summary>What was declared, with the weights as they were loaded; null while they are as declared.</summary>
    private PlayedPlan? reweighed;
    private ImmutableArray<Misdeclaration>? ofSteps;
    private Bytes explained;
    /// <summary>Whether the weights were looked at: at the end of loading (true), while they still came (false).</summary>
    private bool? weighed;

    public Job? Job => job;
    public Plan? Declared => declared?.Plan;
    /// <summary>The plan as declared, or as it would be with the weights that were loaded.</summary>
    public Plan? Expected => (reweighed ?? declared)?.Plan;
    /// <summary>The plan that stands: as declared, or corrected by the likeliest mistake.</summary>
    public Plan? Plan => Mistake?.Plan ?? Declared;
    /// <summary>
    /// Room the declared steps need at the least, over their live peak; 1 without a job, and where they are not the declared ones: what a guess
    /// needs is not known to the last piece. Played when it is first asked for.
    /// </summary>
    public double Tightness => Mistake is not null ? 1 : declared?.Tightness ?? 1;
    /// <summary>The job takes clearly more than its declaration says, whatever weights it loaded.</summary>
    public bool IsBeyondDeclared { get; private set; }
    /// <summary>All that was declared wrong.</summary>
    public Misdeclaration? Mistake { get; private set; }
    /// <summary>What was declared wrong of the weights.</summary>
    public Misdeclaration? OfWeights { get; private set; }
    /// <summary>What was declared wrong of the steps.</summary>
    public Misdeclaration? OfSteps { get; private set; }
    /// <summary>Most the process held beyond its context.</summary>
    public Bytes HeldPeak { get; private set; }

    /// <summary>The planned peak has come: no station is left that has not been seen.</summary>
    public bool IsFulfilled => Plan is { } standing && HeldPeak >= standing.PeakReserved.Likely * 0.97;

    public void Observe(ProcessSeries series)
    {
        HeldPeak = Bytes.Max(HeldPeak, series.Held);
        if (declared is null)
        {
            return;
        }
        Weigh(series, declared);
        if (series.HasStepped && !series.IsEvaluating)
        {
            Measure(series, reweighed ?? declared);
        }
    }

    /// <summary>Are the weights what was declared? Asked once while they load, and once when they are there.</summary>
    private void Weigh(ProcessSeries series, PlayedPlan plan)
    {
        var isLoading = series.LoadedLevel is null;
        if (weighed == true || (weighed == false && isLoading))
        {
            return;
        }
        var wrong = Statics.WeightsSoFar(series, plan.Plan);
        if (wrong is null && isLoading)
        {
            return;
        }
        weighed = !isLoading;
        OfWeights = wrong is { } loaded && loaded.Seen > loaded.Planned && job is not null ? Misdeclaration.Loading(Misdeclaration.OfWeights(job, profile), loaded, isLoading) : null;
        (reweighed, ofSteps, Mistake) = (OfWeights?.Played, null, OfWeights);
    }

    private void Measure(ProcessSeries series, PlayedPlan expected)
    {
        var seen = series.LivePeak ?? HeldPeak;
        if (seen <= explained || !Excess.Of(series, HeldPeak, expected))
        {
            return;
        }
        IsBeyondDeclared = true;
        OfSteps = Misdeclaration.Likeliest(expected, ofSteps ??= Misdeclaration.Of(expected.Job!, profile), Evidence.Of(series, HeldPeak));
        Mistake = OfWeights is { } weights && OfSteps is { } steps ? steps with { Words = $"{weights.Words} and {steps.Words}" } : OfSteps ?? OfWeights;
        explained = seen * (1 + Retold) + Excess.Workspaces;
    }
}
