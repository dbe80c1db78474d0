namespace GpuWatch.Core.Observe;

/// <summary>
/// The lower envelope of a series and its trend: the least value of each window, windows doubling as time goes so that 24 of them
/// span any length, or the last ten. A saw-tooth has a flat floor; a leak's rises. Slope by Theil and Sen, significance by Mann and Kendall
/// (Sen 1968, JASA 63; Kendall 1975).
/// </summary>
/// <param name="windowSeconds">Length of the first windows.</param>
/// <param name="slides">It forgets the oldest window for each new one beyond ten: what has begun late shows as what was there from the start.</param>
public sealed class Floor(double windowSeconds, bool slides = false)
{
    private const int Capacity = 24;
    private const int LeastEven = 10;
    /// <summary>
    /// Of all pairs of windows, rising less falling ones. Of ten windows so many leave chance 3.5 standard deviations away. Of more windows a few
    /// records of changing lengths would do so too, and most pairs lie level: so it is the share that counts, not the significance.
    /// </summary>
    private const double EvenShare = 0.9;
    private const double LeastEarlyShare = 0.4;
    private const double LeastLateShare = 0.8;

    private readonly double[] times = new double[Capacity];
    private readonly double[] floors = new double[Capacity];
    private readonly double[] means = new double[Capacity];
    private double window = windowSeconds;
    private double openedSeconds = double.NaN;
    private double least;
    private double leastSeconds;
    private double sum;
    private int summed;

    /// <summary>Closed windows.</summary>
    public int Count { get; private set; }
    /// <summary>Per second, in the unit of the values.</summary>
    public double Slope { get; private set; }
    /// <summary>Four of five pairs rise faster than this.</summary>
    public double LowSlope { get; private set; }
    /// <summary>Standard deviations by which more pairs rise than fall; above 3 chance is out of the question.</summary>
    public double Significance { get; private set; }
    /// <summary>
    /// The same for the means of the windows. What is kept lifts floor and mean alike; samples that drift through the phases of a step
    /// (the sampling beats with it) move the least of a few, but not their mean.
    /// </summary>
    public double MeanSignificance { get; private set; }
    public double MeanSlope { get; private set; }
    /// <summary>Each window lies above the one before, its least value and its mean.</summary>
    public bool AllRise { get; private set; }
    /// <summary>
    /// It has risen all along, and as steeply of late as before: almost every window lies above all before it. What fills a cache rises ever more
    /// rarely, what begins late was flat before.
    /// </summary>
    public bool RisesEvenly { get; private set; }
    public double SpanSeconds => Count < 2 ? 0 : times[Count - 1] - times[0];
    /// <summary>Its last window's floor over its first's.</summary>
    public double Gained => Count < 2 ? 0 : floors[Count - 1] - floors[0];
    public double Grown => Count < 2 ? 0 : Slope * SpanSeconds;

    /// <param name="periodSeconds">Time between samples: a window holds at least three.</param>
    public void Observe(double time, double value, double periodSeconds)
    {
        if (double.IsNaN(openedSeconds))
        {
            (openedSeconds, least, leastSeconds) = (time, value, time);
            (sum, summed) = (0, 0);
        }
        if (time - openedSeconds >= Math.Max(window, 3 * periodSeconds))
        {
            Close();
            (openedSeconds, least, leastSeconds) = (time, value, time);
            (sum, summed) = (0, 0);
        }
        else if (value < least)
        {
            (least, leastSeconds) = (value, time);
        }
        sum += value;
        summed++;
    }

    private void Close()
    {
        if (slides && Count == LeastEven)
        {
            Forget();
        }
        else if (Count == Capacity)
        {
            Halve();
        }
        (times[Count], floors[Count], means[Count]) = (leastSeconds, least, sum / summed);
        Count++;
        Fit();
    }

    private void Forget()
    {
        Count--;
        Array.Copy(times, 1, times, 0, Count);
        Array.Copy(floors, 1, floors, 0, Count);
        Array.Copy(means, 1, means, 0, Count);
    }

    private void Halve()
    {
        for (var i = 0; i < Capacity / 2; i++)
        {
            var lower = floors[2 * i] <= floors[2 * i + 1] ? 2 * i : 2 * i + 1;
            (times[i], floors[i], means[i]) = (times[lower], floors[lower], (means[2 * i] + means[2 * i + 1]) / 2);
        }
        (Count, window) = (Capacity / 2, window * 2);
    }

    private void Fit()
    {
        (MeanSlope, _, MeanSignificance, _) = Trend(means, 0, Count);
        (Slope, LowSlope, Significance, var rising) = Trend(floors, 0, Count);
        AllRise = true;
        for (var i = 1; i < Count; i++)
        {
            AllRise &= floors[i] > floors[i - 1] && means[i] > means[i - 1];
        }
        RisesEvenly = Count >= LeastEven && LowSlope > 0 && rising >= EvenShare
            && Trend(floors, 0, Count / 2).Slope >= Slope * LeastEarlyShare && Trend(floors, Count / 2, Count).Slope >= Slope * LeastLateShare;
    }

    /// <summary>Slopes, significance and the share of rising less falling pairs (Kendall's tau) of the windows from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    private (double Slope, double Low, double Significance, double Tau) Trend(double[] values, int from, int to)
    {
        Span<double> slopes = stackalloc double[Capacity * (Capacity - 1) / 2];
        var (pairs, balance) = (0, 0);
        for (var late = from + 1; late < to; late++)
        {
            for (var early = from; early < late; early++)
            {
                var rise = values[late] - values[early];
                slopes[pairs++] = rise / (times[late] - times[early]);
                balance += Math.Sign(rise);
            }
        }
        if (pairs == 0)
        {
            return default;
        }
        slopes[..pairs].Sort();
        return (slopes[pairs / 2], slopes[pairs / 5], (balance - Math.Sign(balance)) / Deviation(to - from), (double)balance / pairs);

        static double Deviation(int count) => Math.Sqrt(count * (count - 1.0) * (2 * count + 5) / 18);
    }
}
