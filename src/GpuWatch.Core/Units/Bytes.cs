using System.Globalization;

namespace GpuWatch.Core.Units;

/// <summary>A size or a difference of sizes in bytes. Differences may be negative. Default is zero.</summary>
public readonly record struct Bytes(long Count) : IComparable<Bytes>
{
    public const long KiBCount = 1L << 10;
    public const long MiBCount = 1L << 20;
    public const long GiBCount = 1L << 30;

    public static Bytes Zero => default;
    public static Bytes FromMiB(double mebibytes) => new((long)Math.Round(mebibytes * MiBCount));
    public static Bytes FromGiB(double gibibytes) => new((long)Math.Round(gibibytes * GiBCount));

    public double MiB => (double)Count / MiBCount;
    public double GiB => (double)Count / GiBCount;

    public static Bytes operator +(Bytes a, Bytes b) => new(a.Count + b.Count);
    public static Bytes operator -(Bytes a, Bytes b) => new(a.Count - b.Count);
    public static Bytes operator -(Bytes a) => new(-a.Count);
    public static Bytes operator *(Bytes a, double factor) => new((long)Math.Round(a.Count * factor));
    public static double operator /(Bytes a, Bytes b) => (double)a.Count / b.Count;
    public static bool operator <(Bytes a, Bytes b) => a.Count < b.Count;
    public static bool operator >(Bytes a, Bytes b) => a.Count > b.Count;
    public static bool operator <=(Bytes a, Bytes b) => a.Count <= b.Count;
    public static bool operator >=(Bytes a, Bytes b) => a.Count >= b.Count;
    public static Bytes Max(Bytes a, Bytes b) => a.Count >= b.Count ? a : b;
    public static Bytes Min(Bytes a, Bytes b) => a.Count <= b.Count ? a : b;

    public int CompareTo(Bytes other) => Count.CompareTo(other.Count);

    /// <summary>In the largest binary unit that keeps a digit before the point: "12.4 GiB", "560 MiB", "512 B".</summary>
    public override string ToString()
    {
        var size = Math.Abs((double)Count);
        return size switch
        {
            >= GiBCount => string.Create(CultureInfo.InvariantCulture, $"{GiB:0.0} GiB"),
            >= MiBCount => string.Create(CultureInfo.InvariantCulture, $"{MiB:0} MiB"),
            >= KiBCount => string.Create(CultureInfo.InvariantCulture, $"{(double)Count / KiBCount:0} KiB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{Count} B"),
        };
    }
}
