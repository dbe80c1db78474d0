namespace GpuWatch.Benchmarks.Jobs;

/// <summary>What happens to a job; they come in this order, over and over.</summary>
internal enum Scenario
{
    FirstOptimizer,
    FirstBackward,
    LongBatch,
    Leak,
    Neighbour,
    Eval,
    Blowup,
    Healthy,
    HealthyTight,
    HealthyVariable,
    HealthyPlateau,
    HealthySlowLoad,
}

internal static class Scenarios
{
    /// <summary>As a truth file spells it; also the cause of a death.</summary>
    public static string Word(this Scenario scenario) =>
        string.Concat(scenario.ToString().Select((letter, at) => (at > 0 && char.IsUpper(letter) ? "_" : "") + char.ToLowerInvariant(letter)));

    /// <summary>It has room for all it will ask for.</summary>
    public static bool IsHealthy(this Scenario scenario) => scenario >= Scenario.Healthy;
}
