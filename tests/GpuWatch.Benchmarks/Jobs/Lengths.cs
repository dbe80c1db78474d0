namespace GpuWatch.Benchmarks.Jobs;

/// <summary>Tokens of the sequences of each step: the declared length, or eighths of it about a quarter, as batches are padded to such bounds.</summary>
internal static class Lengths
{
    private const int Parts = 8;

    /// <param name="longBatch">Step of the long batch; null = none is meant to kill.</param>
    public static int[] Draw(Scenario scenario, int whole, int steps, int? longBatch, Dice dice)
    {
        var varies = scenario is Scenario.LongBatch or Scenario.Leak or Scenario.Neighbour or Scenario.HealthyVariable or Scenario.HealthyPlateau || dice.Chance(0.4);
        // Before the long batch none has more parts than these.
        var most = dice.Whole(3, 5);
        var median = dice.LogBetween(1.3, 2.8);
        var lengths = new int[steps];
        for (var step = 0; step < steps; step++)
        {
            var parts = !varies ? Parts : step == longBatch ? dice.Whole(most + 1, Parts) : Math.Min(Usual(median, dice), step < longBatch ? most : Parts);
            lengths[step] = whole * parts / Parts;
        }
        return lengths;
    }

    /// <summary>
    /// Log-normal, as read off the live bytes of recorded steps: of two jobs one had one part in 34 % of its steps and more than five in 2 %, the
    /// other in 21 % and 15 %.
    /// </summary>
    private static int Usual(double median, Dice dice) => Math.Clamp((int)Math.Round(Math.Exp(Math.Log(median) + 0.65 * dice.Normal())), 1, Parts);
}
