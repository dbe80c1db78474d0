using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Advice;
using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Estimate.Explain;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>Answers what was asked about one job.</summary>
internal static class EstimateAnswer
{
    /// <param name="place">Where the model is named, for errors.</param>
    /// <exception cref="BadInputException">The job cannot be estimated.</exception>
    public static Estimated Of(
        Job job, Func<Job, (Plan? Plan, string? Error)> estimate, Room? room, CostQuestion? question, bool compare, ImmutableArray<Term> terms, string place)
    {
        var (plan, error) = estimate(job);
        if (plan is null)
        {
            var (problem, expectation) = Split(error);
            throw new BadInputException(place, problem, expectation);
        }
        var nothing = new Room("no card", Bytes.Zero);
        return new(
            job, plan, room,
            Advisor.Advise(job, plan, room ?? nothing, changed => estimate(changed).Plan),
            question is null ? null : TrainingCost.Of(job, question),
            question,
            terms,
            compare && PresetInput.Of(job).Input is { } input ? [.. AllPresets.List.Select(preset => (preset, preset.Apply(input)))] : []);
    }

    /// <exception cref="BadInputException">The text names no GPU and no size.</exception>
    public static Room RoomOf(string card) =>
        Room.Parse(card) ?? throw new BadInputException(
            "--fits", $"the GPU '{Plain.Text(card)}' is not known", $"expected a size in GB, at most {Room.LargestGb}, or a name such as {Gpu.Nearest(card)}");

    /// <summary>"what is wrong; what is expected", with or without the second half.</summary>
    private static (string Problem, string Expectation) Split(string? error) =>
        error?.IndexOf("; ", StringComparison.Ordinal) is >= 0 and var at
            ? (error[..at], error[(at + 2)..])
            : (error ?? "this job cannot be estimated", "see gpuwatch estimate --help");
}
