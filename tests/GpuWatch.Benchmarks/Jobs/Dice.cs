namespace GpuWatch.Benchmarks.Jobs;

/// <summary>What is drawn for one job: the same for the same seed and number, whatever is drawn for others.</summary>
internal sealed class Dice(int seed, int number)
{
    private readonly Random random = new(Mixed(seed, number));

    /// <summary>Evenly between two bounds.</summary>
    public double Between(double low, double high) => low + (high - low) * random.NextDouble();

    /// <summary>Evenly on a logarithmic axis.</summary>
    public double LogBetween(double low, double high) => low * Math.Pow(high / low, random.NextDouble());

    /// <summary>Both bounds may come.</summary>
    public int Whole(int low, int high) => random.Next(low, high + 1);

    public bool Chance(double probability) => random.NextDouble() < probability;

    public T Of<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    /// <summary>Seeds beside each other give sequences that begin alike, so their bits are spread first (the finaliser of MurmurHash3).</summary>
    private static int Mixed(int seed, int number)
    {
        var hash = unchecked((ulong)seed * 0x9E3779B97F4A7C15 + (ulong)number + 1);
        hash = unchecked((hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD);
        hash = unchecked((hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53);
        return (int)(hash >> 33);
    }

    /// <summary>Normal with mean 0 and deviation 1 (Box and Muller).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
