using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Advice;

/// <summary>What a change gives up beside time.</summary>
internal enum Sacrifice
{
    /// <summary>The same training, but for rounding.</summary>
    Nothing,
    /// <summary>Adapters instead of the model.</summary>
    Method,
    /// <summary>Another model, or less of the data.</summary>
    Substance,
}

/// <summary>One thing a person can change about a job to make it smaller.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Costs">What it costs beside memory, in words.</param>
/// <param name="TimeFactor">Time of an operation after ÷ before, as the guides say; above 1 is slower. How many there are is counted (<see cref="Flops"/>).</param>
/// <param name="Apply">The changed job; null where the change does not apply.</param>
internal sealed record Change(string Name, string Costs, double TimeFactor, Sacrifice GivesUp, Func<Job, Job?> Apply)
{
    /// <summary>Time of a step after ÷ before: by the operations of both jobs, which `--cost` counts too, and by how fast they run.</summary>
    public double Time(Job before, Job after) =>
        TimeFactor * (Flops.PerStep(before) is { } was && Flops.PerStep(after) is { } becomes && was > 0 ? becomes / was : 1);

    /// <summary>What to write into the job to make <paramref name="after"/> of it: every key that differs, "no" before those to be left out.</summary>
    public static string Words(Job before, Job after) => string.Join(", ", JobKeys.All
        .Where(key => key.Get(before) != key.Get(after))
        .Select(key => key.Get(after) is { } text ? $"{key.Name} {text}" : $"no {key.Name}"));
}
