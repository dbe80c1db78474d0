namespace GpuWatch.Core.Units;

/// <summary>A size that is not known exactly: the likeliest value and the ends of its 90 % interval, Low ≤ Likely ≤ High.</summary>
public readonly record struct ByteRange(Bytes Low, Bytes Likely, Bytes High)
{
    /// <summary>A normal variable lies within this many standard deviations of its mean nine times in ten.</summary>
    public const double Normal90 = 1.6449;

    /// <summary>Standard deviation in bytes, as if it were normal.</summary>
    public double Deviation => (High - Low).Count / (2 * Normal90);

    public static ByteRange Exactly(Bytes size) => new(size, size, size);

    public static ByteRange operator +(ByteRange a, Bytes b) => new(a.Low + b, a.Likely + b, a.High + b);
}
