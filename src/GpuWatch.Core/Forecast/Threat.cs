using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>One way to run out of memory.</summary>
/// <param name="Probability">That it happens at all, 0–1.</param>
/// <param name="EtaSeconds">Likeliest time until it does, if it does.</param>
/// <param name="Spread">Standard deviation of ln(time): 0.5 means a factor of 2.3 either way at 90 %.</param>
/// <param name="Missing">Bytes it still asks for.</param>
public readonly record struct Threat(Cause Cause, double Probability, double EtaSeconds, double Spread, Bytes Missing)
{
    /// <summary>Share of the probability that comes at the ETA; what is left comes on a later occasion, <see cref="LaterSeconds"/> after it.</summary>
    public double Punctual { get; init; } = 1;
    public double LaterSeconds { get; init; }

    public double EtaLowSeconds => EtaSeconds * Math.Exp(-ByteRange.Normal90 * Spread);
    public double EtaHighSeconds => EtaSeconds * Math.Exp(ByteRange.Normal90 * Spread);

    /// <summary>Probability that it happens within <paramref name="seconds"/>: each occasion's time is log-normal.</summary>
    public double Within(double seconds)
    {
        var late = Punctual < 1 ? (1 - Punctual) * By(seconds, EtaSeconds + LaterSeconds) : 0;
        return Probability * (Punctual * By(seconds, EtaSeconds) + late);
    }

    private double By(double seconds, double median) => Normal.Cdf(Math.Log(seconds / Math.Max(median, 0.1)) / Spread);
}
