namespace GpuWatch.Benchmarks.Jobs;

/// <summary>How much the process finds on its card, so that its scenario may happen; the shares are those of the recorded jobs.</summary>
internal static class Room
{
    private const long MiB = 1 << 20;

    /// <param name="longBatch">Step of the long batch, where there is one.</param>
    public static long Draw(Scenario scenario, Unlimited free, int? longBatch, Dice dice) => scenario switch
    {
        Scenario.FirstOptimizer => Share(free.FirstBackward, free.FirstOptimizer, dice.Between(0.2, 0.6)),
        Scenario.FirstBackward => Math.Max((long)(free.FirstBackward * dice.Between(0.62, 0.78)), free.Loaded + 64 * MiB),
        Scenario.LongBatch => Share(free.StepLive[..longBatch!.Value].Max(), free.StepLive[longBatch.Value], dice.Between(0.3, 0.75)),
        Scenario.Leak => (long)(free.Reserved * (dice.Chance(0.8) ? dice.Between(1.03, 1.35) : dice.Between(1.35, 1.75))),
        Scenario.Neighbour => (long)(free.Reserved * 1.3),
        Scenario.Eval => (long)(free.Reserved * dice.Between(1.1, 1.2)),
        Scenario.Blowup => (long)(free.Reserved * dice.Of(0.97, 1.15)),
        Scenario.HealthyTight => (long)(free.Reserved * dice.Between(1.01, 1.025)) + 40 * MiB,
        Scenario.HealthyVariable => (long)(free.Reserved * dice.Between(1.3, 1.6)),
        _ => (long)(free.Reserved * dice.Between(1.1, 1.8)),
    };

    private static long Share(long low, long high, double share) => low + (long)(Math.Max(0, high - low) * share);
}
