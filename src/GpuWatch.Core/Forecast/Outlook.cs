using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>All threats to one process at one instant, as one distribution.</summary>
/// <param name="Deciding">The likeliest threat; null when none is left.</param>
/// <param name="PredictedPeak">Bytes it will hold at its highest, as NVML counts, with the 90 % interval.</param>
/// <param name="Capacity">Bytes it can hold at most.</param>
public readonly record struct Outlook(
    double OomWithin60s,
    double OomWithin600s,
    double OomEver,
    Threat? Deciding,
    ByteRange PredictedPeak,
    Bytes Capacity)
{
    /// <summary>
    /// The threats look at one growth from several sides, so the worst of them is taken, not their sum. What nothing shows yet comes beside
    /// them: it is in the probabilities, but no reason to page.
    /// </summary>
    public static Outlook Of(ReadOnlySpan<Threat> threats, UnseenThreat unseen, ByteRange peak, Bytes capacity)
    {
        double soon = 0, later = 0, ever = 0;
        Threat? deciding = null;
        foreach (var threat in threats)
        {
            soon = Math.Max(soon, threat.Within(60));
            later = Math.Max(later, threat.Within(600));
            ever = Math.Max(ever, threat.Probability);
            deciding = deciding is { } worst && worst.Probability >= threat.Probability ? worst : threat;
        }
        return new Outlook(Either(soon, unseen.Within(60)), Either(later, unseen.Within(600)), ever, deciding, peak, capacity);
    }

    private static double Either(double one, double other) => one + other - one * other;
}
