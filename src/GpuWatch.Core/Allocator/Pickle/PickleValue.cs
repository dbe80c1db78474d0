namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>
/// A value of a pickle: a container or a primitive, nothing else. Bytes and numbers beyond 64 bits are known to be there, but not what they are.
/// Two words, since a snapshot has millions of them.
/// </summary>
internal readonly struct PickleValue
{
    private sealed record Primitive(string Name);

    private static readonly Primitive AnInteger = new("a number"), AReal = new("a fraction"), ABoolean = new("a truth value");

    public static readonly PickleValue None = new(new Primitive("None"), 0);
    public static readonly PickleValue Bytes = new(new Primitive("bytes"), 0);
    public static readonly PickleValue Huge = new(new Primitive("a number beyond 64 bits"), 0);

    private readonly object? what;
    private readonly long bits;

    private PickleValue(object what, long bits) => (this.what, this.bits) = (what, bits);

    public static PickleValue Of(long value) => new(AnInteger, value);
    public static PickleValue Of(double value) => new(AReal, BitConverter.DoubleToInt64Bits(value));
    public static PickleValue Of(bool value) => new(ABoolean, value ? 1 : 0);
    public static PickleValue Of(string value) => new(value, 0);
    public static PickleValue Of(PickleList value) => new(value, 0);
    public static PickleValue Of(PickleDict value) => new(value, 0);

    public long? Integer => ReferenceEquals(what, AnInteger) ? bits : null;
    public double? Real => ReferenceEquals(what, AReal) ? BitConverter.Int64BitsToDouble(bits) : null;
    public bool? Boolean => ReferenceEquals(what, ABoolean) ? bits != 0 : null;
    public string? Text => what as string;
    public PickleList? List => what as PickleList;
    public PickleDict? Dict => what as PickleDict;
    public bool IsNone => ReferenceEquals(what, None.what);

    /// <summary>What it is, for a person: "a list", "a number beyond 64 bits".</summary>
    public string Kind => what switch
    {
        Primitive primitive => primitive.Name,
        string => "text",
        PickleList list => list.Kind,
        PickleDict => "a dict",
        _ => "nothing",
    };
}
