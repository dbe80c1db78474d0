namespace GpuWatch.Core.Observe;

/// <summary>
/// The times of a series' records since it settled. Records of a stationary load grow rarer: the k-th comes e times as late as the
/// one before, so the logarithms of their times lie evenly; those of something that grows crowd towards the end. The test is Laplace's,
/// on the logarithm of time (Rényi 1962 for the law of records; Cox and Lewis 1966 for the test).
/// </summary>
public sealed class Records
{
    private double sum;
    private double last = double.NaN;

    /// <summary>Records before the last one.</summary>
    public int Count { get; private set; }

    /// <param name="settled">Time since the load settled, in units of the time it took to settle: above 1.</param>
    public void Add(double settled)
    {
        if (!double.IsNaN(last))
        {
            sum += Math.Log(last);
            Count++;
        }
        last = settled;
    }

    /// <summary>Standard deviations by which the records crowd towards the present; 0 in the mean for a stationary load.</summary>
    /// <param name="settled">Now, as in <see cref="Add"/>.</param>
    public double Crowding(double settled)
    {
        var span = Math.Log(settled);
        return Count == 0 || span <= 0 ? 0 : ((sum + Math.Log(last)) / (Count + 1) / span - 0.5) * Math.Sqrt(12 * (Count + 1));
    }
}
