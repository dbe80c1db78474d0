namespace GpuWatch.Sinks;

/// <summary>The sinks of a running agent, each under the hats it wears.</summary>
internal sealed class SinkSet
{
    private readonly List<ISampleSink> samples = [];
    private readonly List<IEventSink> events = [];
    private readonly List<IAsyncDisposable> closing = [];

    public IReadOnlyList<ISampleSink> Samples => samples;
    public IReadOnlyList<IEventSink> Events => events;

    /// <summary>Sinks take what comes in the order they were added.</summary>
    public T Add<T>(T sink) where T : class
    {
        if (sink is ISampleSink sample)
        {
            samples.Add(sample);
        }
        if (sink is IEventSink happening)
        {
            events.Add(happening);
        }
        if (sink is IAsyncDisposable open)
        {
            closing.Add(open);
        }
        return sink;
    }

    /// <summary>Closes all at the same time: each flushes what it has. False when some were not done within <paramref name="patience"/>, or failed.</summary>
    /// <param name="say">Told why one failed.</param>
    public async Task<bool> CloseAsync(TimeSpan patience, Action<string> say, TimeProvider time)
    {
        var all = Task.WhenAll(closing.Select(sink => CloseAsync(sink, say)));
        try
        {
            return (await all.WaitAsync(patience, time).ConfigureAwait(false)).All(closed => closed);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>A sink that fails takes no other with it.</summary>
    private static async Task<bool> CloseAsync(IAsyncDisposable sink, Action<string> say)
    {
        try
        {
            await sink.DisposeAsync().ConfigureAwait(false);
            return true;
        }
        catch (Exception failure)
        {
            say($"{sink.GetType().Name} could not be flushed: {failure.Message}");
            return false;
        }
    }
}
