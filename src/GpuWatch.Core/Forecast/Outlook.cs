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
    /// <summary>Threats are taken as independent: it survives if it survives each.</summary>
    public static Outlook Of(ReadOnlySpan<Threat> threats, ByteRange peak, Bytes capacity)
    {
        double soon = 1, later = 1, ever = 1;
        Threat? deciding = null;
        foreach (var threat in threats)
        {
            soon *= 1 - threat.Within(60);
            later *= 1 - threat.Within(600);
            ever *= 1 - threat.Probability;
            deciding = deciding is { } worst && worst.Probability >= threat.Probability ? worst : threat;
        }
        return new Outlook(1 - soon, 1 - later, 1 - ever, deciding, peak, capacity);
    }
}
