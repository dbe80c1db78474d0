namespace GpuWatch.Benchmarks.Jobs;

/// <summary>When things happen, in seconds of the job.</summary>
/// <param name="Context">When each third of the CUDA context has been made.</param>
/// <param name="LoadAt">The first tensor of the model comes.</param>
/// <param name="LoadedAt">The last has come.</param>
/// <param name="Step">A step of any length, give or take <see cref="Jitter"/>.</param>
/// <param name="Period">Between samples.</param>
internal sealed record Pace(double[] Context, double LoadAt, double LoadedAt, double FirstStepAt, double Step, double Period)
{
    public const double Jitter = 0.03;

    public static Pace Draw(Scenario scenario, Dice dice)
    {
        var second = dice.Between(0.3, 0.9);
        var third = second + dice.Between(0.3, 0.8);
        var load = third + dice.Between(0.3, 0.9);
        var loaded = load + (scenario is Scenario.HealthySlowLoad ? dice.Between(20, 50) : dice.Between(2, 8));
        return new([0, second, third], load, loaded, Math.Round(loaded + dice.Between(1.5, 2.3), 3), scenario is Scenario.Leak ? dice.LogBetween(0.3, 0.7) : dice.LogBetween(0.45, 3), dice.Of(0.2, 0.5, 1.0));
    }
}
