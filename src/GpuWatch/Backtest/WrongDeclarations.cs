using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;

namespace GpuWatch.Backtest;

/// <summary>A recorded job replayed under a declaration that may not be its own.</summary>
/// <param name="Ratio">Planned live peak of what ran over the declared one.</param>
/// <param name="Shown">Most live bytes that were recorded, or most that was held beyond the context as the folds saw it, over the declared peak.</param>
/// <param name="Told">It was called a blow-up.</param>
/// <param name="Mismatch">Its weights, or what it keeps, were said to be other than declared.</param>
internal sealed record DeclaredTry(RecordedJob Job, Declaration Declared, double Ratio, double Shown, bool Told, bool Mismatch, string? Judgement)
{
    public bool IsMaterial => Ratio >= Declaration.MaterialRatio;
    public bool OutlivesFirstStep => Job.Truth.Cause is not ("first_backward" or "first_optimizer");
    /// <summary>The process told its live bytes; else NVML alone watched it.</summary>
    public bool HasLive => HasLiveBytes(Job);
    /// <summary>It took more than declared while it was watched: its longest batch came.</summary>
    public bool IsShown => Shown > 1.02;
    public bool IsNamedRight => Told && Judgement is { } words && words.Contains(Declared.Words, StringComparison.Ordinal);

    public static bool HasLiveBytes(RecordedJob job) => job.Frames.Any(frame => frame.Processes.Any(process => process.TorchAllocated is not null));

    public static DeclaredTry Of(RecordedJob job, Declaration declared)
    {
        var outcome = Folds.Replay(job with { Declared = declared.Job }, withJob: true, WatchOptions.Default);
        var account = outcome.Events.OfType<Reconciled>().First(account => account.Estimated is not null);
        return new(job, declared, Declaration.Ratio(job.Truth.Actual!, declared.Job), Held(job, account) / Declaration.Peak(declared.Job),
            outcome.Told(AlertKind.ActivationBlowup), outcome.Told(AlertKind.EstimateMismatch), account.Judgement);
    }

    private static double Held(RecordedJob job, Reconciled account) =>
        job.Frames.Max(frame => frame.Processes.Max(process => process.TorchAllocated?.Count))
        ?? (account.ObservedPeak!.Value - (account.Observed?.Context?.Likely ?? ProcessSeries.TypicalContext)).Count;
}

/// <summary>
/// Recorded jobs under declarations that are not theirs: is what takes more than declared told, what takes less left in peace?
/// A mistake is material when the plan of what ran exceeds the declared one by a tenth.
/// </summary>
internal static class WrongDeclarations
{
    /// <summary>As they were declared: most of them right.</summary>
    public static DeclaredTry[] AsRecorded(IEnumerable<RecordedJob> jobs) =>
        [.. jobs.Where(job => job is { Declared: not null, Truth.Actual: not null })
            .Select(job => DeclaredTry.Of(job, new(job.Truth.Blowup ? "as recorded, wrong" : "as recorded, right", "instead of", job.Declared!)))];

    public static DeclaredTry[] TooSmall(IEnumerable<RecordedJob> jobs) => All(jobs, Declaration.TooSmall);

    public static DeclaredTry[] TooLarge(IEnumerable<RecordedJob> jobs) => All(jobs, Declaration.TooLarge);

    public static DeclaredTry[] OtherWeights(IEnumerable<RecordedJob> jobs) => All(jobs, Declaration.OtherWeights);

    private static DeclaredTry[] All(IEnumerable<RecordedJob> jobs, Func<Job, IEnumerable<Declaration>> declarations) =>
        [.. from job in jobs
            where job.Truth.Actual is not null
            from declaration in declarations(job.Truth.Actual!)
            select DeclaredTry.Of(job, declaration)];

    public static void Write(TextWriter output, RecordedJob[] jobs, bool verbose)
    {
        DeclaredTry[] recorded = AsRecorded(jobs), small = TooSmall(jobs), large = TooLarge(jobs);
        output.WriteLine();
        output.WriteLine($"{"activation-blowup told",-28}{"material",12}{"live bytes",12}{"NVML only",12}{"shown, live",13}{"shown, NVML",13}{"immaterial",12}{"named right",13}");
        foreach (var group in recorded.Concat(small).Concat(large).GroupBy(tried => tried.Declared.Mistake))
        {
            Row(output, group.Key, [.. group]);
        }
        Row(output, "all declared too small", small);
        Row(output, "all declared too large", large);
        output.WriteLine();
        output.WriteLine($"{"estimate-mismatch told",-28}{"material",12}{"live bytes",12}{"NVML only",12}");
        foreach (var group in recorded.Concat(small.Where(tried => tried.Declared.Words == "in 32 bits")).Concat(OtherWeights(jobs).Where(tried => tried.OutlivesFirstStep)).GroupBy(tried => tried.Declared.Mistake))
        {
            output.WriteLine($"{group.Key,-28}{Mismatched(group),12}{Mismatched(group.Where(tried => tried.HasLive)),12}{Mismatched(group.Where(tried => !tried.HasLive)),12}");
        }
        if (verbose)
        {
            foreach (var tried in recorded.Concat(small).Concat(large).Where(tried => tried.Told != tried.IsMaterial))
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{tried.Job.Name} {tried.Declared.Mistake,-24} x{tried.Ratio:0.00} shown x{tried.Shown:0.00} {(tried.Told ? "told" : "missed"),-7}{(tried.HasLive ? "live" : "nvml"),-5}{tried.Job.Truth.Scenario,-18}{tried.Judgement}"));
            }
        }
    }

    private static void Row(TextWriter output, string name, DeclaredTry[] tries)
    {
        var material = tries.Where(tried => tried.IsMaterial).ToArray();
        var shown = material.Where(tried => tried.IsShown).ToArray();
        var told = tries.Where(tried => tried.Told).ToArray();
        output.WriteLine($"{name,-28}{Share(material),12}{Share(material.Where(tried => tried.HasLive)),12}{Share(material.Where(tried => !tried.HasLive)),12}"
            + $"{Share(shown.Where(tried => tried.HasLive)),13}{Share(shown.Where(tried => !tried.HasLive)),13}{Share(tries.Except(material)),12}"
            + $"{new Share(told.Count(tried => tried.IsNamedRight), told.Length),13}");
    }

    private static Share Mismatched(IEnumerable<DeclaredTry> tries) => new(tries.Count(tried => tried.Mismatch), tries.Count());

    private static Share Share(IEnumerable<DeclaredTry> tries) => new(tries.Count(tried => tried.Told), tries.Count());
}
