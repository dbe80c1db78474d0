namespace GpuWatch.Core.Forecast;

/// <summary>What surviving says of a danger: the longer it has not come, the less likely it ever will.</summary>
internal static class Survival
{
    /// <summary>P(later than x) = s/(s + x) is logistic in ln x: the normal curve nearest to it (Johnson, Kotz and Balakrishnan 1995, chapter 23).</summary>
    public const double Spread = 1.7;

    /// <summary>
    /// Probability 0–1 that it still comes. Of the cases in which it comes, half do within <paramref name="halfSeconds"/> and s ÷ (s + t)
    /// are left after t (Lomax 1954, JASA 49, of exponent 1); the others survive. By Bayes' rule.
    /// </summary>
    /// <param name="prior">Probability 0–1 that it comes at all, before anything was survived.</param>
    public static double Dies(double prior, double halfSeconds, double survivedSeconds)
    {
        var left = prior * halfSeconds / (halfSeconds + Math.Max(0, survivedSeconds));
        return left / (left + 1 - prior);
    }
}
