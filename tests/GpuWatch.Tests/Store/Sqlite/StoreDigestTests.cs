using GpuWatch.Core.Forecast;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Tests.Store.Sqlite;

public sealed class StoreDigestTests
{
    private static readonly Job Declared = new() { Method = "lora" };
    private readonly StoreDigest digest = new(happened => happened.GetType().Name, Facts, _ => null);

    [Fact]
    public void A_value_is_stored_when_it_moves_and_once_in_ten_seconds()
    {
        for (var second = 0; second < 30; second++)
        {
            digest.Take(StoredSweeps.At(second, used: 100, (7, second < 15 ? 40 : 41)));
        }

        var batch = digest.Cut(last: false);

        Assert.Equal([0, 10, 20], batch.Gpus.Select(point => point.TimeSeconds));
        Assert.Equal([(0, 40), (10, 40), (15, 41), (20, 41)], batch.Processes.Select(point => (point.TimeSeconds, point.Used!.Value)));
    }

    [Fact]
    public void Roll_ups_count_every_sample_also_those_that_did_not_move()
    {
        for (var second = 0; second < 60; second++)
        {
            digest.Take(StoredSweeps.At(second, used: 100 + second % 2));
        }

        var spans = digest.Cut(last: true).Rollups;

        Assert.Equal(6, spans.Count(span => span is { EverySeconds: 10, Samples: 10, Least: 100, Most: 101, Mean: 100.5 }));
        Assert.Single(spans, span => span is { EverySeconds: 60, Samples: 60 });
    }

    [Fact]
    public void A_size_the_driver_does_not_tell_is_stored_as_unknown_and_rolled_up_nowhere()
    {
        digest.Take(StoredSweeps.At(0, used: 100, (7, null)));

        var batch = digest.Cut(last: true);

        Assert.Null(Assert.Single(batch.Processes).Used);
        Assert.All(batch.Rollups, span => Assert.Null(span.Pid));
    }

    [Fact]
    public void A_forecast_is_stored_when_it_says_something_else()
    {
        foreach (var (time, chance) in new[] { (10, 0.1), (20, 0.1), (30, 0.2), (40, 0.1) })
        {
            digest.Take(new ForecastMade(time, 0, 7, chance, chance, ByteRange.Exactly(Bytes.FromGiB(8))), null);
        }
        digest.Take(new ForecastMade(40, 0, 8, 0.1, 0.1, ByteRange.Exactly(Bytes.FromGiB(8))), null);

        Assert.Equal([(10, 7), (30, 7), (40, 7), (40, 8)], digest.Cut(last: false).Events.Select(stored => ((int)stored.TimeSeconds, stored.Pid!.Value)));
    }

    [Fact]
    public void A_run_is_stored_with_its_driver_and_the_framework_that_its_command_line_names()
    {
        var digest = new StoreDigest(
            happened => happened.GetType().Name, process => new ProcessFacts(process.Pid!.Value, CommandLine: "accelerate launch -m axolotl.cli.train c.yml"), _ => "550.54");
        digest.Take(StoredSweeps.At(0, used: 100, (7, 5)));
        digest.Take(Account(50, 7), Declared);
        digest.Take(Account(60, 8), null);

        Assert.Equal([("550.54", "axolotl"), ("550.54", null)], digest.Cut(last: false).Runs.Select(run => (run.Driver, run.Framework)));
    }

    [Fact]
    public void A_run_is_stored_with_its_job_and_whether_it_came_to_its_end()
    {
        digest.Take(new PhaseChanged(1, 0, 7, JobPhase.Loading), null);
        digest.Take(new PhaseChanged(50, 0, 7, JobPhase.Exited), null);
        digest.Take(Account(50, 7), Declared);
        digest.Take(Account(60, 8), null);

        var runs = digest.Cut(last: false).Runs;

        Assert.Equal([(1d, true, Declared), ((double?)null, false, null)], runs.Select(run => (run.StartedSeconds, run.Exited, run.Job)));
        Assert.Equal([50, 60], runs.Select(run => run.Account.TimeSeconds));
    }

    [Fact]
    public void A_process_is_introduced_when_it_is_first_seen_and_a_reused_pid_again()
    {
        digest.Take(Started(0, 70));
        digest.Take(Started(1, 70));
        digest.Take(Started(2, 71));

        Assert.Equal([(0, 70), (2, 71)], digest.Cut(last: false).Identities.Select(who => (who.TimeSeconds, who.StartTicks!.Value)));
    }

    [Fact]
    public void What_a_process_calls_itself_is_stored_without_control_characters()
    {
        digest.Take(StoredSweeps.At(0, used: 100, (7, 40)));

        Assert.Equal("py·[2Jthon", Assert.Single(digest.Cut(last: false).Identities).Name);
    }

    [Fact]
    public void A_cut_takes_only_what_came_since_the_last()
    {
        digest.Take(StoredSweeps.At(0, used: 100));
        digest.Cut(last: false);
        digest.Take(StoredSweeps.At(1, used: 101));

        Assert.Equal(101, Assert.Single(digest.Cut(last: false).Gpus).Used);
        Assert.Equal(0, digest.Cut(last: false).Points);
    }

    private static ProcessFacts Facts(ProcessReading process) => new(process.Pid!.Value, process.StartTicks, "py\u001b[2Jthon", User: "anna");

    private static Sweep Started(double time, long ticks) => new(time,
        [GpuOutcome.Of(new GpuFrame(time, 0, new Bytes(1000), new Bytes(100), null, null, [new ProcessReading(7, new Bytes(40), StartTicks: ticks)]))]);

    private static Reconciled Account(double time, int pid) =>
        new(time, 0, pid, new Bytes(10), null, null, null, new Bridge(new Bytes(10), null, null, new Bytes(10)), null);
}
