using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate;

/// <summary>Whole training steps counted by PyTorch's own autograd engine.</summary>
public sealed class RecordedStepsTests
{
    [Fact]
    public void Every_phase_of_a_committed_step_is_played_to_within_two_thousandths() => AssertPlayed(Path.Combine(AppContext.BaseDirectory, "Data", "recorded_steps.csv"));

    [SharedDataFact]
    public void Every_phase_of_a_recorded_step_is_played_to_within_two_thousandths() => AssertPlayed(Path.Combine(SharedData.Folder!, "autograd.csv"));

    private static void AssertPlayed(string path)
    {
        var errors = Rows(path).SelectMany(row => row.Errors).ToList();
        Assert.True(errors.Count >= 100, $"{errors.Count} phases were compared");
        Assert.Equal([], errors.Where(error => Math.Abs(error.Relative) > 0.002).Select(error => error.ToString()));
    }

    private static IEnumerable<RecordedStep> Rows(string path)
    {
        using var table = JobTable.Open(path);
        foreach (var row in table.Rows(path))
        {
            yield return new(row.Job!, name => long.Parse(row.Fields[table.Columns.IndexOf(name)], null));
        }
    }

    private sealed record RecordedStep(Job Job, Func<string, long> Truth)
    {
        public IReadOnlyList<Error> Errors { get; } = [.. Compare(Job, Truth)];

        private static IEnumerable<Error> Compare(Job job, Func<string, long> truth)
        {
            var plan = Estimator.Estimate(job).Plan!;
            yield return new(job, "load", plan.Phases.Load.Count, truth("load_bytes"));
            yield return new(job, "first_forward", plan.Phases.FirstForward.Count, truth("first_forward_bytes"));
            yield return new(job, "first_backward", plan.Phases.FirstBackward.Count, truth("first_backward_bytes"));
            yield return new(job, "first_optimizer", plan.Phases.FirstOptimizer.Count, truth("first_optimizer_bytes"));
            yield return new(job, "steady", plan.Phases.Steady.Count, truth("steady_bytes"));
        }
    }

    private sealed record Error(Job Job, string Phase, long Ours, long Truth)
    {
        public double Relative => (double)(Ours - Truth) / Truth;

        public override string ToString() =>
            $"{Job.Id} {Job.ModelName} {Job.Method} {Job.WeightDtype} amp={Job.Amp} {Job.GradCheckpointing} {Job.Attention} {Job.CrossEntropy} b{Job.MicroBatch} {Phase} {Ours - Truth} {Relative:P2}";
    }
}
