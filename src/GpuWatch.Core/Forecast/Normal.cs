namespace GpuWatch.Core.Forecast;

/// <summary>The standard normal distribution, quickly: a forecast is made on every sample.</summary>
internal static class Normal
{
    /// <summary>P(Z ≤ z) to 1.5e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26).</summary>
    public static double Cdf(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var t = 1 / (1 + 0.3275911 * x);
        var tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.Exp(-x * x);
        return z >= 0 ? 1 - tail / 2 : tail / 2;
    }
}
