using GpuWatch.Core.Estimate;

namespace GpuWatch.Core.Calibrate;

/// <summary>
/// What the runs of one source make evident: a knob that by itself explains how they err. A machine that differs in one thing shows it in the pattern of
/// its errors, whatever their size; errors that no single knob explains are left alone.
/// </summary>
internal static class Evident
{
    /// <summary>
    /// What remains unexplained must be this many times less (mean square), so that the runs lie twice as close. By chance one knob does that to five runs
    /// of a source about once in twenty times (F test, 1 and 4 degrees of freedom).
    /// </summary>
    private const double Times = 4;

    /// <summary>Errors below 1 % are not worth an explanation.</summary>
    private const double Noise = 0.01;

    /// <summary>Fewer runs that feel a knob say nothing about it.</summary>
    private const int Enough = 4;

    /// <summary>More knobs than these are not told apart by a handful of runs.</summary>
    private const int MostTurned = 2;

    private static readonly Knob[] Candidates = [Knob.Activations, Knob.Caches, Knob.Logits, Knob.Context, Knob.Collectives, Knob.Gathered];

    /// <returns>The profile as it was when nothing is evident.</returns>
    public static Profile To(IReadOnlyList<MeasuredRun> runs, Profile start)
    {
        var knobs = Array.FindAll(Candidates, knob => runs.Count(run => run.Feels(knob)) >= Enough);
        var found = start;
        for (var turned = 0; turned < MostTurned && knobs.Length > 0; turned++)
        {
            var from = found;
            var best = knobs.Select(knob => Best(runs, from, knob)).MinBy(profile => Unexplained(runs, profile))!;
            if (Unexplained(runs, best) * Times > Unexplained(runs, from))
            {
                break;
            }
            found = best;
        }
        return found;
    }

    private static double Unexplained(IReadOnlyList<MeasuredRun> runs, Profile profile) =>
        Noise * Noise + runs.Average(run => run.Error(profile) * run.Error(profile));

    private static Profile Best(IReadOnlyList<MeasuredRun> runs, Profile profile, Knob knob) =>
        profile.With(knob, Valley.Least(Knobs.All[(int)knob], value => Unexplained(runs, profile.With(knob, value))));
}
