using System.Collections.Immutable;

namespace GpuWatch.Core.Forecast;

/// <summary>
/// What the threats must know of the world and cannot see: how often, how soon, how far. Each has a first guess, made by reasoning, and bounds;
/// what ships was fitted within them to recorded jobs by `backtest DIR --fit FILE` (docs/decisions/0022).
/// </summary>
public sealed record Constants
{
    /// <summary>
    /// The longest batch is a hair shorter than declared: the share of the room that the declared steps need, to the last piece, which must be there.
    /// Recorded jobs lived with 1 ÷ 1.018 of it, and died with 1 ÷ 1.08.
    /// </summary>
    public double Reach { get; init; } = 0.97;
    /// <summary>A plan is never surer than this share of itself: what the allocator wastes differs.</summary>
    public double PlanDeviation { get; init; } = 0.015;
    /// <summary>Spread of the time to the first step while weights load, as a standard deviation of its logarithm.</summary>
    public double LoadingSpread { get; init; } = 0.6;
    /// <summary>
    /// Free over loaded at which half of the undeclared jobs die in their first steps: Adam asks for 3 times what was loaded, or 1.67 times where
    /// 32-bit copies of the weights were loaded too, and activations come on top; adapters ask for activations alone.
    /// </summary>
    public double UndeclaredRatio { get; init; } = 2.9;
    /// <summary>Steepness of these odds in its logarithm.</summary>
    public double UndeclaredSteepness { get; init; } = 8;
    /// <summary>Exponent of the tail of growth: 0.5 = what has grown by n goes on by another m with probability √(n ÷ (n + m)).</summary>
    public double GrowthTail { get; init; } = 0.5;
    /// <summary>Live bytes with the request that failed over the room, where small blocks add up: recorded evaluations and leaks ended at 0.81–0.995.</summary>
    public double UsableShare { get; init; } = 0.94;
    /// <summary>Spread of the time a leak takes to fill what is free.</summary>
    public double LeakSpread { get; init; } = 0.4;
    /// <summary>Probability that an evaluation which comes to the wall dies there, not in a later one: five of eight recorded ones did.</summary>
    public double ThisEvaluation { get; init; } = 0.62;
    /// <summary>Share of what evaluation holds that the first release at the wall gives back.</summary>
    public double EvaluationCache { get; init; } = 0.09;
    /// <summary>Spread of the time of evaluation's stairs.</summary>
    public double EvaluationSpread { get; init; } = 0.2;
    /// <summary>… and what it widens by for all the cache that may still be used.</summary>
    public double EvaluationCacheSpread { get; init; } = 0.7;
    /// <summary>Seconds from the end of one evaluation to the wall in the next, while it has not been seen how long it trains in between.</summary>
    public double NextEvaluationSeconds { get; init; } = 300;
    public double NextEvaluationSpread { get; init; } = 0.7;
    /// <summary>How much the next evaluation's time to the wall differs from the last one's, as a share of it.</summary>
    public double EvaluationPaceSpread { get; init; } = 0.3;
    /// <summary>Probability that a job which had to give cached memory back dies.</summary>
    public double WallDeadly { get; init; } = 0.9;
    /// <summary>… and how soon, at first.</summary>
    public double WallSeconds { get; init; } = 20;
    public double WallSpread { get; init; } = 1.2;
    /// <summary>Probability that a job asks for more than it has, once others have taken the rest.</summary>
    public double NeighbourNeeds { get; init; } = 0.5;
    /// <summary>The same for one that holds less than its plan needs, which has just grown.</summary>
    public double NeighbourNeedsPlanned { get; init; } = 0.95;
    /// <summary>The same for one that still grows, in a cache that is cut up by batches of many shapes.</summary>
    public double NeighbourNeedsCutUp { get; init; } = 0.8;
    /// <summary>Seconds from a full device to the request that does not fit.</summary>
    public double NeighbourSeconds { get; init; } = 60;
    public double NeighbourSpread { get; init; } = 1;
    /// <summary>Probability that a declared job dies of what nothing has shown yet and comes soon: a leak too small to see.</summary>
    public double UnseenDeadly { get; init; } = 0.15;
    /// <summary>… half of it within so many seconds after the first step.</summary>
    public double UnseenSeconds { get; init; } = 30;

    /// <summary>The same where nothing is declared, so that nothing shows a batch longer than any either.</summary>
    public double UndeclaredDeadly { get; init; } = 0.3;
    /// <summary>Probability that it dies of what nothing has shown yet and comes late: an evaluation.</summary>
    public double LateDeadly { get; init; } = 0.12;
    /// <summary>… half of it within so many seconds after the first step.</summary>
    public double LateSeconds { get; init; } = 400;

    /// <summary>All of them, by name and bounds.</summary>
    public static ImmutableArray<Constant> All { get; } =
    [
        new("reach", 0.95, 1.02, c => c.Reach, (c, v) => c with { Reach = v }),
        new("plan_deviation", 0.005, 0.05, c => c.PlanDeviation, (c, v) => c with { PlanDeviation = v }),
        new("loading_spread", 0.2, 2, c => c.LoadingSpread, (c, v) => c with { LoadingSpread = v }),
        new("undeclared_ratio", 1.5, 4, c => c.UndeclaredRatio, (c, v) => c with { UndeclaredRatio = v }),
        new("undeclared_steepness", 2, 12, c => c.UndeclaredSteepness, (c, v) => c with { UndeclaredSteepness = v }),
        new("growth_tail", 0.2, 1, c => c.GrowthTail, (c, v) => c with { GrowthTail = v }, true),
        new("usable_share", 0.85, 1, c => c.UsableShare, (c, v) => c with { UsableShare = v }),
        new("leak_spread", 0.2, 1.5, c => c.LeakSpread, (c, v) => c with { LeakSpread = v }, true),
        new("this_evaluation", 0.3, 0.95, c => c.ThisEvaluation, (c, v) => c with { ThisEvaluation = v }),
        new("evaluation_cache", 0.03, 0.3, c => c.EvaluationCache, (c, v) => c with { EvaluationCache = v }),
        new("evaluation_spread", 0.05, 0.8, c => c.EvaluationSpread, (c, v) => c with { EvaluationSpread = v }),
        new("evaluation_cache_spread", 0.2, 2, c => c.EvaluationCacheSpread, (c, v) => c with { EvaluationCacheSpread = v }),
        new("next_evaluation_s", 60, 1200, c => c.NextEvaluationSeconds, (c, v) => c with { NextEvaluationSeconds = v }),
        new("evaluation_pace_spread", 0.1, 1, c => c.EvaluationPaceSpread, (c, v) => c with { EvaluationPaceSpread = v }),
        new("next_evaluation_spread", 0.3, 1.5, c => c.NextEvaluationSpread, (c, v) => c with { NextEvaluationSpread = v }),
        new("wall_deadly", 0.5, 0.97, c => c.WallDeadly, (c, v) => c with { WallDeadly = v }),
        new("wall_s", 5, 120, c => c.WallSeconds, (c, v) => c with { WallSeconds = v }),
        new("wall_spread", 0.5, 2.5, c => c.WallSpread, (c, v) => c with { WallSpread = v }),
        new("neighbour_needs", 0.2, 0.9, c => c.NeighbourNeeds, (c, v) => c with { NeighbourNeeds = v }),
        new("neighbour_needs_planned", 0.5, 0.99, c => c.NeighbourNeedsPlanned, (c, v) => c with { NeighbourNeedsPlanned = v }),
        new("neighbour_needs_cut_up", 0.3, 0.95, c => c.NeighbourNeedsCutUp, (c, v) => c with { NeighbourNeedsCutUp = v }),
        new("neighbour_s", 20, 300, c => c.NeighbourSeconds, (c, v) => c with { NeighbourSeconds = v }),
        new("neighbour_spread", 0.4, 2, c => c.NeighbourSpread, (c, v) => c with { NeighbourSpread = v }),
        new("unseen_deadly", 0.02, 0.6, c => c.UnseenDeadly, (c, v) => c with { UnseenDeadly = v }, true),
        new("unseen_s", 10, 600, c => c.UnseenSeconds, (c, v) => c with { UnseenSeconds = v }, true),
        new("undeclared_deadly", 0.02, 0.8, c => c.UndeclaredDeadly, (c, v) => c with { UndeclaredDeadly = v }, true),
        new("late_deadly", 0.02, 0.6, c => c.LateDeadly, (c, v) => c with { LateDeadly = v }, true),
        new("late_s", 100, 3600, c => c.LateSeconds, (c, v) => c with { LateSeconds = v }, true),
    ];

    /// <summary>As shipped; read by the names and bounds above.</summary>
    public static Constants Shipped { get; } = ConstantsJson.Shipped();
}

/// <summary>One constant: its name in files, its bounds, how it is read and set.</summary>
/// <param name="IsFitted">
/// Fitted to jobs. The others stay as guessed: too few of the recorded jobs speak of them, and refitted in folds they did worse on the jobs left out.
/// </param>
public sealed record Constant(string Name, double Low, double High, Func<Constants, double> Get, Func<Constants, double, Constants> With, bool IsFitted = false);
