using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>
/// When a process evaluated, and how long it trained before: a training loop evaluates every so many steps, so the next evaluation may be
/// expected after as long as the last one.
/// </summary>
public sealed class Evaluations
{
    private bool isOn;
    private double sinceSeconds = double.NaN;
    private Rhythm last;

    /// <summary>How long it trained before its last evaluation; NaN before the first.</summary>
    public double TrainedSeconds { get; private set; } = double.NaN;
    /// <summary>When the last evaluation ended; NaN before that, and while one runs.</summary>
    public double EndedSeconds => isOn ? double.NaN : sinceSeconds;

    /// <summary>From the end of the last evaluation until the next one has filled so much.</summary>
    public double UntilFullSeconds(Bytes free) => TrainedSeconds + free / last.Rise * last.GapSeconds;

    /// <param name="isEvaluating">An evaluation shows now.</param>
    /// <param name="rhythm">Its stairs.</param>
    /// <param name="lastStairSeconds">When the last of them came.</param>
    internal void Observe(bool isEvaluating, Rhythm rhythm, double lastStairSeconds, double firstStepSeconds)
    {
        if (isEvaluating && !isOn)
        {
            var began = lastStairSeconds - (rhythm.Count - 1) * rhythm.GapSeconds;
            var trained = began - (double.IsNaN(sinceSeconds) ? firstStepSeconds : sinceSeconds);
            TrainedSeconds = trained > Rhythm.QuietGaps * rhythm.GapSeconds ? trained : TrainedSeconds;
        }
        (sinceSeconds, last) = isEvaluating ? (lastStairSeconds, rhythm) : (sinceSeconds, last);
        isOn = isEvaluating;
    }
}
