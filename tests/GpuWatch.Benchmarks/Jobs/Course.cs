using GpuWatch.Core.Estimate;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>Everything that is decided of a job before it runs.</summary>
/// <param name="Lengths">Tokens of the sequences of each step.</param>
/// <param name="LongBatch">Number of the step that is meant to kill; null = none is.</param>
/// <param name="LeakBytes">What each step keeps; 0 = nothing.</param>
/// <param name="Tells">The process itself tells what PyTorch holds.</param>
internal sealed record Course(
    Scenario Scenario, JobText Declared, JobText Actual, Script Script, Pace Pace, int[] Lengths, int? LongBatch, Unlimited Free, long Room, Card Card, long LeakBytes,
    Neighbour? Neighbour, Gathering? Gathering, bool Tells, Dice Dice)
{
    /// <returns>Null where no card has the room.</returns>
    public static Course? Draw(Scenario scenario, Dice dice)
    {
        var actual = Model.Draw(scenario, dice);
        var (declared, real) = scenario is Scenario.Blowup ? Mistake.Draw(actual, dice) : (actual, actual);
        var work = Resolver.Resolve(real.Read()).Work ?? throw new InvalidOperationException("A drawn job says enough to be played.");
        var script = new Script(work);
        var steps = dice.Whole(60, 240);
        int? longBatch = scenario is Scenario.LongBatch ? dice.Whole(5, steps - 1) : null;
        var pace = Pace.Draw(scenario, dice);
        var lengths = Jobs.Lengths.Draw(scenario, script.Length, steps, longBatch, dice);
        var free = Unlimited.Of(script, lengths);
        var room = Jobs.Room.Draw(scenario, free, longBatch, dice);
        if (Card.Draw(room, dice) is not { } card)
        {
            return null;
        }
        var leak = scenario is Scenario.Leak ? (long)((room - free.Live) / (steps * dice.Between(0.5, 1.0))) : 0;
        var neighbour = scenario is Scenario.Neighbour ? Jobs.Neighbour.Draw(free, room, pace.FirstStepAt, dice) : null;
        var gathering = scenario is Scenario.Eval ? Gathering.Draw(free, room, 2L * (int)real["micro_batch"] * (int)real["seq_len"] * (int)real["vocab"], dice) : null;
        return new(scenario, declared, real, script, pace, lengths, longBatch, free, room, card, Math.Max(0, leak), neighbour, gathering, dice.Chance(0.45), dice);
    }
}
