namespace GpuWatch.Core.Units;

/// <summary>A size that is not known exactly: the likeliest value and the ends of its 90 % interval, Low ≤ Likely ≤ High.</summary>
public readonly record struct ByteRange(Bytes Low, Bytes Likely, Bytes High)
{
    public static ByteRange Exactly(Bytes size) => new(size, size, size);

    public static ByteRange operator +(ByteRange a, Bytes b) => new(a.Low + b, a.Likely + b, a.High + b);
}
