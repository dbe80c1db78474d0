using GpuWatch.Core.Alert;

namespace GpuWatch.Backtest;

/// <summary>How the product does on jobs that its constants were not fitted to.</summary>
internal static class CrossValidation
{
    /// <summary>Outcomes of all jobs, each under constants fitted to the folds it is not in.</summary>
    /// <returns>With the declarations, and without them.</returns>
    public static (Outcome[] Told, Outcome[] Alone) Run(IReadOnlyList<RecordedJob> jobs, int folds)
    {
        var foldOf = Split(jobs, folds);
        var told = new Outcome[jobs.Count];
        var alone = new Outcome[jobs.Count];
        for (var fold = 0; fold < folds; fold++)
        {
            var fitted = ConstantsFit.To([.. jobs.Where(job => foldOf[job.Origin] != fold)]);
            var options = WatchOptions.Default with { Constants = fitted };
            for (var i = 0; i < jobs.Count; i++)
            {
                if (foldOf[jobs[i].Origin] == fold)
                {
                    (told[i], alone[i]) = (Folds.Replay(jobs[i], withJob: true, options), Folds.Replay(jobs[i], withJob: false, options));
                }
            }
        }
        return (told, alone);
    }

    /// <summary>The jobs of each scenario are dealt out in turn; a recording and its variants stay together.</summary>
    private static Dictionary<string, int> Split(IReadOnlyList<RecordedJob> jobs, int folds) => jobs
        .OrderBy(job => job.Truth.Of is null ? 0 : 1)
        .DistinctBy(job => job.Origin)
        .GroupBy(job => job.Truth.Scenario)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .SelectMany(group => group.OrderBy(job => job.Origin, StringComparer.Ordinal))
        .Select((job, index) => (job.Origin, index))
        .ToDictionary(one => one.Origin, one => one.index % folds);
}
