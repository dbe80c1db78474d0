using GpuWatch.Core.Sample;

namespace GpuWatch.Sinks;

/// <summary>
/// Takes every sweep. Called on the sampling thread: it must return at once and must not throw, so a sink that does I/O
/// puts the sweep in a <see cref="SinkQueue{T}"/> and works on a thread of its own.
/// </summary>
internal interface ISampleSink
{
    void Accept(Sweep sweep);
}

/// <summary>Takes every event, in order, after the sweep that caused it. The same rules as <see cref="ISampleSink"/>.</summary>
internal interface IEventSink
{
    void Accept(WatchEvent happened);
}
