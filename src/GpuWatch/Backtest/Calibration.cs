using GpuWatch.Core.Forecast;

namespace GpuWatch.Backtest;

/// <summary>A bin of forecasts: how many, what they said on average, what came.</summary>
internal readonly record struct ReliabilityBin(double From, double To, int Count, double Said, double Came);

/// <summary>Are the probabilities worth their decimals? Over all standing forecasts of all jobs.</summary>
/// <param name="Brier">Mean squared error of the probability.</param>
/// <param name="BaseBrier">The same for the constant forecast of the base rate.</param>
internal sealed record Calibration(double HorizonSeconds, int Count, double BaseRate, double Brier, double BaseBrier, IReadOnlyList<ReliabilityBin> Bins)
{
    private static readonly double[] Edges = [0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0000001];

    /// <summary>1 = perfect, 0 = no better than the base rate (Brier skill score).</summary>
    public double Skill => BaseBrier > 0 ? 1 - Brier / BaseBrier : 0;

    public static Calibration Of(IEnumerable<Outcome> outcomes, double horizon, Func<ForecastMade, double> probability)
    {
        var pairs = outcomes.SelectMany(outcome => outcome.Events.OfType<ForecastMade>().Select(made => (
            Said: probability(made),
            Came: outcome.Job.Truth.OomWithin(horizon, made.TimeSeconds)))).ToArray();
        var rate = pairs.Length == 0 ? 0 : pairs.Average(pair => pair.Came);
        var brier = pairs.Length == 0 ? 0 : pairs.Average(pair => (pair.Said - pair.Came) * (pair.Said - pair.Came));
        return new Calibration(horizon, pairs.Length, rate, brier, rate * (1 - rate), [.. Edges.Zip(Edges.Skip(1)).Select(edge =>
        {
            var inside = pairs.Where(pair => pair.Said >= edge.First && pair.Said < edge.Second).ToArray();
            return new ReliabilityBin(
                edge.First,
                Math.Min(edge.Second, 1),
                inside.Length,
                inside.Length == 0 ? 0 : inside.Average(pair => pair.Said),
                inside.Length == 0 ? 0 : inside.Average(pair => pair.Came));
        })]);
    }
}
