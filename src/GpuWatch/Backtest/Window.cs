namespace GpuWatch.Backtest;

/// <summary>Least-squares line through the last seconds of a series, kept up by sums: each sample enters and leaves once.</summary>
internal sealed class Window(double seconds)
{
    private readonly Queue<(double Time, double Value)> points = [];
    private double sumTime, sumValue, sumTimeTime, sumTimeValue, sumValueValue, origin;

    public int Count => points.Count;
    public double SpanSeconds { get; private set; }

    public void Add(double time, double value)
    {
        if (points.Count == 0)
        {
            origin = time;
        }
        Sum(time, value, 1);
        points.Enqueue((time, value));
        while (points.Peek().Time < time - seconds)
        {
            var old = points.Dequeue();
            Sum(old.Time, old.Value, -1);
        }
        SpanSeconds = time - points.Peek().Time;
    }

    /// <summary>Null when all samples share one time.</summary>
    public (double Slope, double R2, double Mean, double MeanTime)? Line()
    {
        var (meanTime, mean) = (sumTime / Count, sumValue / Count);
        var timeTime = sumTimeTime - Count * meanTime * meanTime;
        var valueValue = sumValueValue - Count * mean * mean;
        var timeValue = sumTimeValue - Count * meanTime * mean;
        return timeTime <= 1e-9
            ? null
            : (timeValue / timeTime, valueValue <= 1e-6 ? 0 : timeValue * timeValue / (timeTime * valueValue), mean, meanTime + origin);
    }

    private void Sum(double time, double value, int sign)
    {
        var t = time - origin;
        sumTime += sign * t;
        sumValue += sign * value;
        sumTimeTime += sign * t * t;
        sumTimeValue += sign * t * value;
        sumValueValue += sign * value * value;
    }
}
