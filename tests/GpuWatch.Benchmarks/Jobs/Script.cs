using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>
/// What a job asks of the allocator, in order: to load its model, and for a step of each length. Played by the tape once a length, all blocks;
/// a later step is what the second of two asks for. Not thread-safe.
/// </summary>
internal sealed class Script(Workload work)
{
    private readonly Scratch scratch = new();
    private readonly EventLog log = new();
    private readonly Dictionary<int, Event[]> first = [], later = [], evaluations = [];
    private Event[]? load;

    /// <summary>Tokens of the declared sequence.</summary>
    public int Length => work.Step.Block.Length;

    public Event[] Load => load ??= Play(Length, []);

    /// <summary>Requests of <see cref="Load"/> that wait for a file to be read; adapters, which come behind them, are made in a blink.</summary>
    public int ReadFromFile => work.Step.Block.Rank == 0 ? Load.Length : Load.Length - Adapters(work.Step);

    /// <summary>The first step: it also makes the optimizer's states, which stay.</summary>
    public Event[] First(int length) => Get(first, length, () => Play(length, [1])[Load.Length..]);

    /// <summary>A step that leaves nothing behind.</summary>
    public Event[] Later(int length) => Get(later, length, () => Play(length, [1, 1])[(Load.Length + First(length).Length)..]);

    /// <summary>Requests of the first step that forward and backward make; what follows is the optimizer's.</summary>
    public int BeforeOptimizer(int length)
    {
        scratch.Tape.GradientShare = 1;
        return Pass(Of(length)).Length;
    }

    /// <summary>A forward pass of evaluation.</summary>
    public Event[] Evaluation(int length) => Get(evaluations, length, () => Pass(Shaped(work.Evaluation, length)));

    private Event[] Pass(Step step)
    {
        log.Clear();
        scratch.Step.Clear();
        scratch.Tape.Clear(scratch.Step);
        StepPlayer.Play(scratch.Tape, step, work.Step.Layers);
        scratch.Step.Play(log, ..);
        return [.. log.Events];
    }

    private static int Adapters(Step step)
    {
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        var sum = 0L;
        foreach (var tensor in tensors[..TensorSizes.Adapters(step, tensors)])
        {
            sum += tensor.Count;
        }
        return (int)sum;
    }

    private Event[] Play(int length, ReadOnlySpan<double> shares)
    {
        log.Clear();
        Replay.Play(scratch, log, work with { Step = Of(length) }, work.Step.Layers, shares);
        return [.. log.Events];
    }

    private Step Of(int length) => Shaped(work.Step, length);

    private static Step Shaped(Step step, int length) => step with { Block = step.Block with { Length = length, Tokens = (long)step.Block.Batch * length } };

    private static Event[] Get(Dictionary<int, Event[]> known, int length, Func<Event[]> play)
    {
        if (!known.TryGetValue(length, out var events))
        {
            known[length] = events = play();
        }
        return events;
    }
}
