using System.Collections.Immutable;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Cost;

/// <summary>What an hour of a GPU was offered for once (gpu_prices.csv, embedded): an order of magnitude until `--price` says better.</summary>
public sealed record GpuPrice(string Gpu, string Currency, double PerHour, string Source)
{
    public static ImmutableArray<GpuPrice> All { get; } = [.. Table.Read(typeof(GpuPrice), "gpu_prices.csv")
        .Select(row => new GpuPrice(row["gpu"], row["currency"], row.Number("price_per_hour")!.Value, row["source"]))];

    public static GpuPrice? Of(string? gpuName, double? memoryGb) =>
        gpuName is { } name && Jobs.Gpu.Find(name, memoryGb) is { } gpu ? All.FirstOrDefault(price => price.Gpu == gpu.Name) : null;
}
