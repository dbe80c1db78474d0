using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// What a few runs of one source tell: how far its caches, and then its activations, are off together. Each is believed only as far as the runs
/// agree: their mean error is shrunk towards none by its own uncertainty (James and Stein 1961, positive part).
/// </summary>
internal static class Shrunk
{
    /// <summary>Fewer runs that feel a knob say nothing about it.</summary>
    private const int Enough = 4;

    /// <summary>Times the variance of the mean that its square must exceed; 1 is James and Stein's own, and makes every eighth draw of five runs worse.</summary>
    private const double Doubt = 4;

    private const int Halvings = 30;

    private static readonly Knob[] Turned = [Knob.Caches, Knob.Activations];

    public static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var profile = start;
        foreach (var knob in Turned)
        {
            var feeling = runs.Where(run => run.Feels(knob)).ToArray();
            if (feeling.Length >= Enough && Believed([.. feeling.Select(run => run.Error(profile))]) is not 0 and var error)
            {
                profile = profile.With(knob, Undoing(error, knob, feeling, profile));
            }
        }
        return profile;
    }

    /// <summary>How much of the mean error is the source's, not chance. The highest and the lowest error do not count for the mean, but do for its doubt.</summary>
    internal static double Believed(double[] errors)
    {
        Array.Sort(errors);
        var mean = errors[1..^1].Average();
        var all = errors.Average();
        var variance = errors.Sum(error => (error - all) * (error - all)) / (errors.Length - 1);
        return mean == 0 ? 0 : mean * Math.Max(0, 1 - Doubt * variance / (errors.Length * mean * mean));
    }

    /// <summary>The knob's value at which the mean error is smaller by this much; estimates grow with every knob, so halving finds it.</summary>
    private static double Undoing(double error, Knob knob, MeasuredRun[] runs, Profile profile)
    {
        var range = Knobs.All[(int)knob];
        var wanted = runs.Average(run => run.Error(profile)) - error;
        var (low, high) = (range.Least, range.Most);
        for (var halving = 0; halving < Halvings; halving++)
        {
            var middle = (low + high) / 2;
            var turned = profile.With(knob, middle);
            (low, high) = runs.Average(run => run.Error(turned)) < wanted ? (middle, high) : (low, middle);
        }
        return (low + high) / 2;
    }
}
