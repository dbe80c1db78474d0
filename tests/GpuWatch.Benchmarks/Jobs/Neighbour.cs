namespace GpuWatch.Benchmarks.Jobs;

/// <summary>Another tenant that grows at an even pace, up to a target or to what is free.</summary>
/// <param name="Target">Bytes more than at the beginning.</param>
internal sealed record Neighbour(double StartAt, double BytesPerSecond, long Target)
{
    /// <summary>Leaves the process 0.85 to 0.95 of the most that was ever live in it, within 30 to 80 seconds.</summary>
    public static Neighbour Draw(Unlimited free, long room, double firstStepAt, Dice dice)
    {
        var target = room - (long)(free.Live * dice.Between(0.85, 0.95));
        return new(firstStepAt + dice.Between(8, 30), target / dice.Between(35, 80), target);
    }

    public long Wanted(double time) => (long)Math.Clamp((time - StartAt) * BytesPerSecond, 0, Target);
}
