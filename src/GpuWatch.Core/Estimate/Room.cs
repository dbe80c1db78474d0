using System.Globalization;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>The memory a job has on each of its GPUs.</summary>
/// <param name="Name">The card, as it is told to a person.</param>
/// <param name="Usable">What CUDA can use of it.</param>
public sealed record Room(string Name, Bytes Usable)
{
    /// <summary>Of a card of which only the size is known: cards without ECC in their memory report 98.3 to 98.9 % of what they are sold with.</summary>
    private const double UsableShare = 0.985;

    /// <summary>Where an allocator's cache ends on the job's card: processes that filled an A100 of 80 GB stopped at 78 to 79, not at the 79.15 CUDA tells.</summary>
    internal static double? Fillable(Job job) => Of(job) is not { } room ? null
        : (job.GpuMemGb ?? Gpu.Find(job.GpuName!)?.MemoryGb) is { } gb ? Math.Min(room.Usable.Count, gb * UsableShare * Bytes.GiBCount)
        : room.Usable.Count;

    /// <summary>Head-room to leave: the guides ask for 20 to 30 % on their own rough sums; with an interval 5 % of the card are enough beyond it.</summary>
    private const double HeadRoomShare = 0.05;

    /// <summary>What a plan may likely need to be called comfortable here.</summary>
    public Bytes Comfortable => Usable * (1 - HeadRoomShare);

    /// <returns>Null when the job names no card and no size.</returns>
    public static Room? Of(Job job) =>
        job.GpuName is { } name && Gpu.Find(name, job.GpuMemGb) is { } gpu && (job.GpuMemGb is null || job.GpuMemGb == gpu.MemoryGb) ? new(Named(gpu, name, job.GpuMemGb), gpu.Usable)
        : job.GpuMemGb is { } gb ? OfSize(gb)
        : null;

    /// <summary>Several times the largest card there is, GB.</summary>
    public const double LargestGb = 1024;

    /// <summary>Reads "A100-80GB", "RTX 4090", "4090", "24" or "24GB".</summary>
    /// <returns>Null when the text is no known GPU and no size.</returns>
    public static Room? Parse(string text)
    {
        if (Gpu.Find(text) is { } gpu)
        {
            return new(Named(gpu, text), gpu.Usable);
        }
        var digits = text.Trim().TrimEnd('b', 'B', 'i', 'G', 'g', ' ');
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var gb) && gb is > 0 and <= LargestGb ? OfSize(gb) : null;
    }

    /// <summary>Probability 0–1 that the plan's device peak fits: its 90 % interval read as a log-normal with the likely peak in the middle.</summary>
    public double Probability(Plan plan)
    {
        var peak = plan.PeakDevice;
        if (peak.Likely.Count <= 0)
        {
            return 1;
        }
        var above = Usable >= peak.Likely;
        var end = above ? peak.High : peak.Low;
        var sigma = Math.Abs(Math.Log((double)Math.Max(1, end.Count) / peak.Likely.Count)) / 1.6449;
        var distance = Math.Log((double)Math.Max(1, Usable.Count) / peak.Likely.Count);
        return sigma <= 0 ? (above ? 1 : 0) : MathNet.Numerics.Distributions.Normal.CDF(0, 1, distance / sigma);
    }

    /// <summary>The card; where the name is of several, which one was taken.</summary>
    private static string Named(Gpu gpu, string name, double? memoryGb = null)
    {
        var sizes = Gpu.All(name, memoryGb).Select(meant => meant.MemoryGb).Distinct().ToArray();
        return sizes.Length < 2 || memoryGb is not null ? gpu.Name : string.Create(CultureInfo.InvariantCulture, $"{gpu.Name} ({name} may also have {sizes[^1]:0.##} GB)");
    }

    private static Room OfSize(double gb) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{(gb is >= 80 and < 90 or 8 or 11 or 18 ? "an" : "a")} {gb:0.##} GB card"), Bytes.FromGiB(gb * UsableShare));
}
