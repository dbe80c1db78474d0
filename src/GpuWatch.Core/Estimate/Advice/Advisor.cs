using System.Collections.Immutable;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Advice;

/// <summary>A change, or several together, and what the job is then.</summary>
/// <param name="Settings">What to set, in the vocabulary.</param>
/// <param name="Costs">What it costs beside memory.</param>
/// <param name="Saves">Bytes of the likely device peak; below 0 it needs more.</param>
/// <param name="TimeFactor">Time of a step after ÷ before.</param>
/// <param name="Fits">The likely device peak leaves head-room.</param>
public sealed record Advised(
    ImmutableArray<string> Names, ImmutableArray<string> Settings, string Costs, Job Job, Plan Plan, Bytes Saves, double TimeFactor, bool Fits);

/// <summary>Ranks the changes that make a job fit, by estimating it again with each of them and with as many together as it takes.</summary>
public static class Advisor
{
    private const int MostHalvings = 12;

    /// <summary>What saves less of the peak is not worth a change.</summary>
    private const double LeastSaved = 0.01;

    /// <summary>
    /// First what makes the job fit with head-room: what gives up least of the training, then the least costly in time, then in the founding
    /// documents' order; after it the single changes that help without being enough, the most saving first. Empty when nothing saves anything.
    /// </summary>
    /// <param name="estimate">The estimator; null where it has no answer.</param>
    public static ImmutableArray<Advised> Advise(Job job, Plan plan, Room room, Func<Job, Plan?> estimate)
    {
        var singles = Changes.InOrder
            .Select(change => Repeated(job, plan, room, change, estimate))
            .OfType<Advised>()
            .Where(advised => advised.Saves > plan.PeakDevice.Likely * LeastSaved)
            .ToArray();
        var enough = singles.Where(advised => advised.Fits).ToList();
        foreach (var several in (ReadOnlySpan<Advised?>)[Together(job, plan, room, estimate), Utmost(job, plan, room, estimate)])
        {
            if (several is { Fits: true } && !enough.Any(other => other.Settings.SequenceEqual(several.Settings)))
            {
                enough.Add(several);
            }
        }
        return
        [
            .. enough.OrderBy(GivenUp).ThenBy(advised => Math.Max(1, advised.TimeFactor)).ThenBy(Rank),
            .. singles.Where(advised => !advised.Fits).OrderByDescending(advised => advised.Saves),
        ];
    }

    private static Sacrifice GivenUp(Advised advised) => advised.Names.Max(name => Changes.InOrder[IndexOf(name)].GivesUp);

    private static int Rank(Advised advised) => advised.Names.Max(name => IndexOf(name));

    private static int IndexOf(string name) => Changes.InOrder.TakeWhile(change => change.Name != name).Count();

    /// <summary>The change applied until the job fits or it applies no more: a micro-batch is halved again and again.</summary>
    private static Advised? Repeated(Job job, Plan before, Room room, Change change, Func<Job, Plan?> estimate)
    {
        Advised? best = null;
        var factor = 1.0;
        for (var i = 0; i < MostHalvings && best is not { Fits: true } && change.Apply(best?.Job ?? job) is { } changed; i++)
        {
            factor *= change.Time(best?.Job ?? job, changed);
            if (estimate(changed) is not { } plan || (best is not null && plan.PeakDevice.Likely >= best.Plan.PeakDevice.Likely))
            {
                break;
            }
            best = new([change.Name], [Change.Words(job, changed)], change.Costs, changed, plan,
                before.PeakDevice.Likely - plan.PeakDevice.Likely, factor, plan.PeakDevice.Likely <= room.Comfortable);
        }
        return best;
    }

    /// <summary>Change after change in order, each kept when it saves, until the job fits; then those left out again that were not needed.</summary>
    private static Advised? Together(Job job, Plan before, Room room, Func<Job, Plan?> estimate)
    {
        var chosen = new List<Change>();
        var reached = before;
        foreach (var change in Changes.InOrder)
        {
            if (Apply(job, before, room, [.. chosen, change], estimate) is { } tried && tried.Plan.PeakDevice.Likely < reached.PeakDevice.Likely)
            {
                chosen.Add(change);
                reached = tried.Plan;
                if (tried.Fits)
                {
                    return Leanest(job, before, room, chosen, estimate);
                }
            }
        }
        return null;
    }

    /// <summary>Null where fewer than two changes are left to put together.</summary>
    private static Advised? Utmost(Job job, Plan before, Room room, Func<Job, Plan?> estimate) =>
        Changes.Utmost.Where(change => change.Apply(job) is not null).ToArray() is { Length: > 1 } left ? Apply(job, before, room, left, estimate) : null;

    private static Advised Leanest(Job job, Plan before, Room room, List<Change> chosen, Func<Job, Plan?> estimate)
    {
        foreach (var costly in chosen.OrderByDescending(change => change.TimeFactor).ToArray())
        {
            var fewer = chosen.Where(change => change != costly).ToArray();
            if (fewer.Length > 0 && Apply(job, before, room, fewer, estimate) is { Fits: true })
            {
                chosen.Remove(costly);
            }
        }
        return Apply(job, before, room, [.. chosen], estimate)!;
    }

    private static Advised? Apply(Job job, Plan before, Room room, Change[] changes, Func<Job, Plan?> estimate)
    {
        var (settings, factor, current, plan) = (new List<string>(), 1.0, job, before);
        foreach (var change in changes)
        {
            if (Repeated(current, plan, room, change, estimate) is not { } step)
            {
                return null;
            }
            settings.Add(step.Settings[0]);
            (factor, current, plan) = (factor * step.TimeFactor, step.Job, step.Plan);
        }
        return new([.. changes.Select(change => change.Name)], [.. settings], string.Join("; ", changes.Select(change => change.Costs)), current, plan,
            before.PeakDevice.Likely - plan.PeakDevice.Likely, factor, plan.PeakDevice.Likely <= room.Comfortable);
    }
}
