namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>What a pickle has put aside by number. Numbers are given in order; one far ahead costs no more than another.</summary>
internal sealed class PickleMemo
{
    private readonly Dictionary<long, PickleValue> astray = [];
    private PickleValue[] inOrder = new PickleValue[256];
    private int next;

    /// <summary>Under the number that MEMOIZE means: how many there are.</summary>
    public void Put(PickleValue value) => Put(next + astray.Count, value);

    public void Put(long number, PickleValue value)
    {
        if (number > next)
        {
            astray[number] = value;
            return;
        }
        if (number == next)
        {
            if (next == inOrder.Length)
            {
                Array.Resize(ref inOrder, next * 2);
            }
            next++;
            astray.Remove(number);
        }
        inOrder[number] = value;
    }

    public PickleValue? Get(long number) =>
        number < 0 ? null : number < next ? inOrder[number] : astray.TryGetValue(number, out var value) ? value : null;
}
