namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>A list, tuple or set.</summary>
/// <param name="kind">"a list" for a person.</param>
internal class PickleList(string kind)
{
    private PickleValue[] items = [];

    public string Kind { get; } = kind;

    public int Count { get; private set; }

    public PickleValue this[int index] => items.AsSpan(0, Count)[index];

    public static PickleList Of(string kind, ReadOnlySpan<PickleValue> items)
    {
        var list = new PickleList(kind);
        list.Add(items);
        return list;
    }

    public virtual void Add(ReadOnlySpan<PickleValue> more)
    {
        if (Count + more.Length > items.Length)
        {
            Array.Resize(ref items, Math.Max(Count + more.Length, items.Length * 2));
        }
        more.CopyTo(items.AsSpan(Count));
        Count += more.Length;
    }
}
