namespace GpuWatch.Benchmarks.Jobs;

/// <summary>What a job takes on a card without end: the measure for how much room it is given. Leaks and evaluations are not in it.</summary>
/// <param name="Loaded">Bytes reserved once the model is loaded.</param>
/// <param name="FirstBackward">The most reserved by forward and backward of the first step.</param>
/// <param name="FirstOptimizer">The most reserved when the first step is over.</param>
/// <param name="Reserved">The most reserved ever.</param>
/// <param name="Kept">Live bytes between steps.</param>
/// <param name="StepLive">The most live bytes of each step.</param>
internal sealed record Unlimited(long Loaded, long FirstBackward, long FirstOptimizer, long Reserved, long Kept, long[] StepLive)
{
    public long Live => StepLive.Max();

    public static Unlimited Of(Script script, int[] lengths)
    {
        var player = new Player();
        player.Play(script.Load);
        var loaded = player.Allocator.Reserved;
        var first = script.First(lengths[0]);
        var optimizer = script.BeforeOptimizer(lengths[0]);
        player.Play(first.AsSpan(..optimizer));
        var backward = player.Allocator.PeakReserved;
        player.Play(first.AsSpan(optimizer..));
        var (afterFirst, kept) = (player.Allocator.PeakReserved, player.Allocator.Allocated);
        var live = new long[lengths.Length];
        live[0] = player.Allocator.PeakAllocated;
        var most = afterFirst;
        for (var step = 1; step < lengths.Length; step++)
        {
            player.Allocator.ResetPeaks();
            player.Play(script.Later(lengths[step]));
            live[step] = player.Allocator.PeakAllocated;
            most = Math.Max(most, player.Allocator.PeakReserved);
        }
        return new(loaded, backward, afterFirst, most, kept, live);
    }
}
