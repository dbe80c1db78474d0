namespace GpuWatch.Benchmarks.Jobs;

/// <summary>Between steps the logits of some batches are gathered on the GPU.</summary>
/// <param name="Every">Steps between two evaluations.</param>
/// <param name="Logits">Bytes of one batch, in 16 bits.</param>
/// <param name="BatchSeconds">Time of one batch.</param>
internal sealed record Gathering(int Every, int Batches, long Logits, double BatchSeconds)
{
    /// <summary>As many as come near to the room, or beyond it.</summary>
    public static Gathering Draw(Unlimited free, long room, long logits, Dice dice) =>
        new(dice.Whole(30, 60), (int)Math.Clamp((room * dice.Between(0.93, 1.25) - free.Kept) / logits, 6, 60), logits, dice.Between(7, 47));
}
