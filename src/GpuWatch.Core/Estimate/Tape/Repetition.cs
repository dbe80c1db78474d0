namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Blocks that are alike: how many are played, and how often each of them counts.</summary>
internal struct Repetition(int played, int times)
{
    private int left = played;

    public readonly int Current => times;

    public readonly Repetition GetEnumerator() => this;

    public bool MoveNext() => left-- > 0;
}
