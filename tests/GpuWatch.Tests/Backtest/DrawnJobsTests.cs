using GpuWatch.Core.Allocator;
using GpuWatch.Backtest;
using GpuWatch.Benchmarks.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Backtest;

/// <summary>Jobs drawn anew (`jobs OUT` of the benchmarks): each tells a truth that its own samples bear out.</summary>
public sealed class DrawnJobsTests
{
    private static readonly int Kinds = Enum.GetValues<Scenario>().Length;
    private static readonly Lazy<Story[]> Drawn = new(() => [.. Enumerable.Range(0, 2 * Kinds).Select(number => Story.Of(7, number))]);

    [Fact]
    public void The_same_seed_draws_the_same_job_and_another_seed_another()
    {
        Assert.Equal(Story.Of(7, 3).Ending.Rows, Drawn.Value[3].Ending.Rows);
        Assert.NotEqual(Story.Of(8, 3).Ending.Rows, Drawn.Value[3].Ending.Rows);
    }

    [Fact]
    public void A_healthy_job_is_refused_nothing_and_gives_nothing_back() =>
        Assert.All(Drawn.Value.Where(story => story.Course.Scenario.IsHealthy()), story =>
        {
            Assert.Equal((null, null, 0), (story.Ending.OomAt, story.Ending.Refused, story.Ending.Retries));
            Assert.Equal(story.Course.Lengths.Length - 1, story.Ending.StepsDone);
        });

    [Fact]
    public void A_killed_job_ends_with_the_request_for_which_there_is_no_room()
    {
        var killed = Drawn.Value.Where(story => story.Ending.OomAt is not null).ToArray();
        Assert.NotEmpty(killed);
        Assert.All(killed, story =>
        {
            var last = story.Ending.Rows[^1];
            Assert.Equal(story.Ending.OomAt, last.Time);
            Assert.True(last.DeviceUsed + Granularity.OfSegment(story.Ending.Refused!.Value) > last.DeviceTotal);
        });
    }

    [Fact]
    public void No_sample_holds_more_than_the_card_and_time_only_goes_on() =>
        Assert.All(Drawn.Value, story => Assert.All(story.Ending.Rows.Zip(story.Ending.Rows.Skip(1)), pair =>
        {
            Assert.True(pair.First.Time < pair.Second.Time);
            Assert.True(pair.Second.Used < pair.Second.DeviceUsed && pair.Second.DeviceUsed <= pair.Second.DeviceTotal);
        }));

    [Fact]
    public void Steps_of_all_lengths_leave_what_they_found()
    {
        var script = Drawn.Value[0].Course.Script;
        var player = new Player();
        player.Play(script.Load);
        player.Play(script.First(script.Length / 8));
        var kept = player.Allocator.Allocated;
        Assert.All(Enumerable.Range(1, 8), parts =>
        {
            player.Play(script.Later(script.Length * parts / 8));
            Assert.Equal(kept, player.Allocator.Allocated);
        });
    }

    [Fact]
    public void What_is_written_is_what_backtest_reads()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, JobsCommand.Run([folder.Path, "--count", "12", "--seed", "7"]));
        var read = RecordedJob.InFolder(folder.Path).ToArray();
        Assert.Equal(Drawn.Value.Take(Kinds).Select(story => story.Course.Scenario.Word()), read.Select(job => job.Truth.Scenario));
        Assert.All(read.Zip(Drawn.Value), pair =>
        {
            var (job, story) = pair;
            Assert.Equal((story.Ending.OomAt, story.Ending.Rows.Count), (job.Truth.OomAtSeconds, job.Frames.Length));
            Assert.Equal(story.Course.Declared.Read(), job.Declared);
            Assert.Equal(story.Course.Actual.Read(), job.Truth.Actual);
        });
    }
}
