namespace GpuWatch.Sampling;

/// <summary>GPUs or MIG instances have come or gone: the pipeline opens another session at once, which sees them.</summary>
internal sealed class GpusChangedException() : Exception("The driver lists other GPUs than when the session was opened.");
