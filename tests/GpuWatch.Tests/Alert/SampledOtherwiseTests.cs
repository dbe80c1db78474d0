using GpuWatch.Core.Sample;
using GpuWatch.Options;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Alert;

/// <summary>
/// The alerts of a job are about the job, not about the instants at which somebody looked: all recorded jobs, with and without
/// their declaration, sampled otherwise than they were recorded.
/// </summary>
public sealed class SampledOtherwiseTests
{
    /// <summary>Rows are moved by up to this share of a period.</summary>
    private const double Moved = 0.2;

    [SharedDataTheory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(0.7)]
    public void Live_from_any_part_of_a_period_on(double phase) => Agree(
        (frames, period, declared) => Watched.Live(frames, declared, new SamplingOptions(), phase * period));

    [SharedDataTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Live_where_no_process_tells_of_itself(int periods) => Agree(
        (frames, period, declared) => Watched.Live(frames, declared, new SamplingOptions { Period = TimeSpan.FromSeconds(period / periods) }), Mute);

    [SharedDataTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Each_row_moved_by_a_part_of_a_period(int seed) => Agree(
        (frames, period, declared) =>
        {
            var random = new Random(seed);
            return Watched.Replayed([.. frames.Select(frame => frame with { TimeSeconds = frame.TimeSeconds + Moved * period * random.NextDouble() })], declared);
        }, Mute);

    [SharedDataTheory]
    [InlineData(0)]
    [InlineData(1)]
    public void Each_second_row_of_a_plateau_left_out(int odd) => Agree(
        (frames, _, declared) => Watched.Replayed([.. frames.Where((frame, i) => i % 2 == odd || i == 0 || !IsPlateau(frames, i))], declared), Mute);

    private static bool IsPlateau(GpuFrame[] frames, int i) =>
        i + 1 < frames.Length && IsSame(frames[i - 1], frames[i]) && IsSame(frames[i], frames[i + 1]);

    private static bool IsSame(GpuFrame a, GpuFrame b) => a.Used == b.Used && a.Processes.SequenceEqual(b.Processes);

    /// <summary>What NVML alone can see.</summary>
    private static GpuFrame Mute(GpuFrame frame) =>
        frame with { Processes = [.. frame.Processes.Select(process => process with { TorchAllocated = null, TorchReserved = null })] };

    /// <summary>The same alerts in the same order, each within two sample periods and what rows are moved by: of the recording, or of the agent where that is slower.</summary>
    private static void Agree(Func<GpuFrame[], double, Core.Jobs.Job?, List<Told>> otherwise, Func<GpuFrame, GpuFrame>? seen = null)
    {
        var differences = new List<string>();
        foreach (var job in SharedJobs.Recorded())
        {
            var frames = seen is null ? job.Frames : [.. job.Frames.Select(seen)];
            var period = frames[1].TimeSeconds - frames[0].TimeSeconds;
            foreach (var declared in new[] { job.Declared, null })
            {
                if (Told.Difference(Watched.Replayed(frames, declared), otherwise(frames, period, declared), (2 + Moved) * Math.Max(1, period), frames[^1].TimeSeconds) is { } difference)
                {
                    differences.Add($"{job.Name}{(declared is null ? "" : " with its job")}: {difference}");
                }
            }
        }
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }
}
