using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Jobs;

/// <summary>A kind of GPU, from the makers' data sheets (gpus.csv, embedded).</summary>
/// <param name="MemoryGb">As it is sold, in units of 2^30 bytes.</param>
/// <param name="Usable">What CUDA reports as the card's total: without ECC and what the driver keeps.</param>
/// <param name="BandwidthGbPerSecond">Memory bandwidth in 1e9 bytes a second.</param>
/// <param name="Bf16Tflops">Dense matrix throughput with bf16 inputs and fp32 sums; null = not supported in hardware. Fp16 likewise.</param>
/// <param name="Fp32Tflops">Throughput outside the tensor cores.</param>
/// <param name="Class">data-centre, workstation or consumer.</param>
public sealed record Gpu(
    string Name,
    double MemoryGb,
    Bytes Usable,
    double BandwidthGbPerSecond,
    double? Bf16Tflops,
    double? Fp16Tflops,
    double Fp32Tflops,
    double ComputeCapability,
    string Class)
{
    private static readonly ImmutableArray<(Gpu Gpu, string[] Aliases)> Rows =
        [.. Table.Read(typeof(Gpu), "gpus.csv").Select(row => (Of(row), row["aliases"].Split(';', StringSplitOptions.RemoveEmptyEntries)))];

    /// <summary>The smallest first: what fits it fits the others.</summary>
    private static readonly FrozenDictionary<string, ImmutableArray<Gpu>> ByKey = Rows
        .SelectMany(row => row.Aliases.Prepend(row.Gpu.Name).Select(name => (Key: Key(name), row.Gpu)))
        .GroupBy(pair => pair.Key)
        .ToFrozenDictionary(group => group.Key, group => group.Select(pair => pair.Gpu).Distinct().OrderBy(gpu => gpu.MemoryGb).ToImmutableArray());

    public static ImmutableArray<Gpu> Known { get; } = [.. Rows.Select(row => row.Gpu)];

    /// <summary>Throughput of a training step in this precision; the fp32 units' where the tensor cores cannot.</summary>
    public double Tflops(string? dtype) => dtype switch
    {
        "fp32" => Fp32Tflops,
        "fp16" => Fp16Tflops ?? Fp32Tflops,
        _ => Bf16Tflops ?? Fp16Tflops ?? Fp32Tflops,
    };

    /// <summary>Finds a GPU by its name as people and drivers write it: "A100-SXM4-80GB", "a100_40gb", "NVIDIA GeForce RTX 4090", "8xRTX 3090".</summary>
    /// <param name="memoryGb">Tells apart cards that are sold in two sizes; null = unknown: the smaller.</param>
    public static Gpu? Find(string name, double? memoryGb = null) =>
        All(name, memoryGb) is [var first, ..] and var all ? all.FirstOrDefault(gpu => gpu.MemoryGb == memoryGb) ?? first : null;

    /// <summary>Every card that a name may mean, the smallest first.</summary>
    public static ImmutableArray<Gpu> All(string name, double? memoryGb = null)
    {
        var key = Key(name);
        return memoryGb is { } size && ByKey.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"{key}{size}gb"), out var sized) ? sized
            : ByKey.TryGetValue(key, out var all) ? all
            : IsNumber(key) ? [.. ByKey.Where(known => known.Key.EndsWith(key, StringComparison.Ordinal)).SelectMany(known => known.Value).Distinct().OrderBy(gpu => gpu.MemoryGb)]
            : [];
    }

    /// <summary>"4090" or "3090 Ti": the number on the box, which is too large to be a size in GB.</summary>
    private static bool IsNumber(string key) => key.Length >= 4 && key.AsSpan(0, 4).ContainsAnyExceptInRange('0', '9') is false;

    public static string Nearest(string name) => Jobs.Nearest.Of(name, Known.Select(gpu => gpu.Name));

    private static string Key(string name)
    {
        var words = name.ToLowerInvariant().Split([' ', '-', '_', '(', ')', '/', '\t'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word is not ("nvidia" or "geforce" or "tesla" or "quadro" or "gpu" or "graphics" or "card"))
            .ToArray();
        var joined = string.Concat(words);
        var times = joined.IndexOf('x');
        return times is 1 or 2 && joined[..times].All(char.IsAsciiDigit) ? joined[(times + 1)..] : joined;
    }

    private static Gpu Of(Table.Row row) => new(
        row["name"],
        row.Number("memory_gb")!.Value,
        Bytes.FromGiB(row.Number("usable_gib")!.Value),
        row.Number("bandwidth_gb_s")!.Value,
        row.Number("bf16_tflops"),
        row.Number("fp16_tflops"),
        row.Number("fp32_tflops")!.Value,
        row.Number("compute_capability")!.Value,
        row["class"]);
}
