namespace GpuWatch.Store.Spool;

/// <summary>Points that travel together: encoded, compressed once, and sent as they are.</summary>
/// <param name="Sequence">Ascending in the order the points were made; also across restarts.</param>
/// <param name="Points">How many it holds, so that a loss is counted in points.</param>
/// <param name="Content">Line protocol, gzip.</param>
internal sealed record Batch(long Sequence, int Points, byte[] Content);
