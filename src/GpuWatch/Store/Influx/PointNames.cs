using GpuWatch.Core.Sample;

namespace GpuWatch.Store.Influx;

/// <summary>What the tags of a point say beyond its numbers.</summary>
/// <param name="Host">Name of this machine.</param>
/// <param name="Gpu">The facts of a GPU by its index; null when unknown.</param>
/// <param name="Process">Its name, and the job it belongs to; each null when unknown.</param>
internal sealed record PointNames(string Host, Func<int, GpuInfo?> Gpu, Func<int, (string? Name, string? Job)> Process);
