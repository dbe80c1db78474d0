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
public sealed class Reconciler(Job? job, Plan? plan)
{
    /// <summary>Reserved bytes beyond the plan by this share of it and more are no rounding of the allocator.</summary>
    private const double ReservedTolerance = 0.06;
    private static readonly Bytes LeastExcess = Bytes.FromMiB(64);
    /// <summary>Live bytes are counted by the process itself, so the plan's interval is all their tolerance.</summary>
    private const double LiveTolerance = 0.02;
    /// <summary>What exceeds the plan later than this after the first step has grown, and was not declared wrong.</summary>
    private const double FirstStepsSeconds = 20;

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
        if (series.Held <= HeldPeak)
        {
            return;
        }
        HeldPeak = series.Held;
        if (Declared is not { } plan || series.Phase == JobPhase.Loading || HeldPeak <= explained)
        {
            return;
        }
        var early = series.NowSeconds - series.FirstStepSeconds <= FirstStepsSeconds;
        if (early && (Exceeds(HeldPeak, plan.PeakReserved.High, ReservedTolerance) || (series.LivePeak is { } live && Exceeds(live, plan.PeakAllocated.High, LiveTolerance))))
        {
            Judge();
        }
    }

    private static bool Exceeds(Bytes seen, Bytes planned, double tolerance) => seen > planned * (1 + tolerance) && seen - planned > LeastExcess;

    private void Judge()
    {
        IsBeyondDeclared = true;
        Mistake = Misdeclaration.Likeliest(job!, HeldPeak.Count);
        explained = HeldPeak * (1 + ReservedTolerance);
    }
}
