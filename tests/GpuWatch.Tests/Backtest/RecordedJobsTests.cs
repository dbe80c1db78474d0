using GpuWatch.Backtest;
using GpuWatch.Core.Alert;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Backtest;

/// <summary>The whole product over the recorded jobs and the real logs: floors that must hold, below what is measured.</summary>
public sealed class RecordedJobsTests
{
    private static readonly Lazy<Outcome[]> Told = new(() => Replay(withJob: true));
    private static readonly Lazy<Outcome[]> Blind = new(() => Replay(withJob: false));

    [SharedDataFact]
    public void Nine_in_ten_that_die_are_told_two_seconds_ahead_and_next_to_no_healthy_one()
    {
        var measures = Measures.Of("gpuwatch", Told.Value);
        Assert.True(measures.Caught2s.Count >= 0.9 * measures.Caught2s.Of, $"caught {measures.Caught2s}");
        Assert.True(measures.Caught10s.Count >= 0.85 * measures.Caught10s.Of, $"10 s ahead {measures.Caught10s}");
        Assert.True(measures.FalseAlarms.Count <= 0.03 * measures.FalseAlarms.Of, $"false {measures.FalseAlarms}");
        Assert.True(measures.MedianLeadSeconds >= 10);
    }

    [SharedDataFact]
    public void Nine_in_ten_are_told_by_nvml_alone_too()
    {
        var measures = Measures.Of("nvml", [.. RecordedJob.InFolder(Path.Combine(SharedData.Folder!, "jobs")).Select(job => Folds.Replay(job.AsNvmlSeesIt(), withJob: true, WatchOptions.Default))]);
        Assert.True(measures.Caught2s.Count >= 0.9 * measures.Caught2s.Of, $"caught {measures.Caught2s}");
        Assert.True(measures.FalseAlarms.Count <= 0.03 * measures.FalseAlarms.Of, $"false {measures.FalseAlarms}");
    }

    [SharedDataFact]
    public void The_cause_is_named_right_and_leaks_are_told_from_evaluation()
    {
        var fine = FineMeasures.Of(Told.Value);
        Assert.True(fine.CauseRight.Count >= 0.8 * fine.CauseRight.Of, $"cause {fine.CauseRight}");
        Assert.True(fine.LeakTold.Count >= 0.8 * fine.LeakTold.Of, $"leak {fine.LeakTold}");
        Assert.Equal(0, fine.LeakFalse.Count);
        Assert.True(fine.BlowupFalse.Count <= 0.03 * fine.BlowupFalse.Of, $"blow-up, false {fine.BlowupFalse}");
    }

    [SharedDataFact]
    public void Without_a_job_file_fewer_living_jobs_are_paged_than_by_any_baseline_that_catches_half_as_many()
    {
        var blind = Measures.Of("no job", Blind.Value);
        var rivals = Baselines.All.Select(rule => Measures.Of(rule.Name, [.. Blind.Value.Select(outcome => rule.Judge(outcome.Job))]))
            .Where(rival => rival.Rule != "estimate only" && rival.Caught2s.Count * 2 >= blind.Caught2s.Count);
        Assert.All(rivals, rival => Assert.True(blind.FalseAlarms.Count < rival.FalseAlarms.Count, rival.Rule));
    }

    [SharedDataFact]
    public void Probabilities_have_skill_over_the_base_rate() =>
        Assert.True(Calibration.Of(Told.Value, 60, made => made.OomWithin60s).Skill > 0.47);

    [SharedDataTheory]
    [InlineData("landct_vae_11gb", false)]
    [InlineData("openad_a6000_2gpu", false)]
    [InlineData("desktop_rtx2070_a", false)]
    [InlineData("miris_v100s", false)]
    [InlineData("ltx_rtxpro6000_loop", false)]
    [InlineData("weighted_retraining_2080ti", false)]
    [InlineData("ltx_rtxpro6000_demo", true)]
    public void Real_logs_page_only_where_memory_ran_out(string name, bool pages)
    {
        var log = Path.Combine(SharedData.Folder!, "traces", "nvidia-smi", name + ".csv");
        var lines = Gpuwatch.Run("replay", log, "--output", "ndjson").Out.Split('\n');
        Assert.Equal(pages, lines.Any(line => line.Contains("\"oom-risk\"", StringComparison.Ordinal) && line.Contains("\"critical\"", StringComparison.Ordinal)));
    }

    [SharedDataFact]
    public void The_neighbour_that_holds_a_shared_gpu_is_named()
    {
        var log = Path.Combine(SharedData.Folder!, "traces", "nvidia-smi", "grpo_a100_2gpu_free.csv");
        var alerts = Gpuwatch.Run("replay", log, "--total-mib", "81920", "--output", "ndjson").Out.Split('\n')
            .Where(line => line.Contains("\"event\":\"alert\"", StringComparison.Ordinal)).ToArray();
        Assert.Contains(alerts, line => line.Contains("\"gpu\":1", StringComparison.Ordinal) && line.Contains("\"neighbour\"", StringComparison.Ordinal));
        Assert.DoesNotContain(alerts, line => line.Contains("\"critical\"", StringComparison.Ordinal));
    }

    private static Outcome[] Replay(bool withJob) =>
        [.. RecordedJob.InFolder(Path.Combine(SharedData.Folder!, "jobs")).Select(job => Folds.Replay(job, withJob, WatchOptions.Default))];
}
