using System.Runtime.CompilerServices;

namespace GpuWatch.Core.Estimate.Tape;

/// <summary>What a live byte is there for.</summary>
internal enum Part
{
    Weights,
    MasterWeights,
    Gradients,
    OptimizerStates,
    Activations,
    Logits,
    Temporaries,
    Communication,
}

/// <summary>Bytes by part. A value of eight numbers: taking a snapshot of it copies 64 bytes and allocates nothing.</summary>
[InlineArray(Parts)]
internal struct Ledger
{
    public const int Parts = 8;

    private long first;

    public readonly long this[Part part]
    {
        get => this[(int)part];
    }

    public readonly long Total
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < Parts; i++)
            {
                sum += this[i];
            }
            return sum;
        }
    }

    public static Ledger Of(Part part, long bytes)
    {
        var ledger = default(Ledger);
        ledger[(int)part] = bytes;
        return ledger;
    }

    public void Add(in Ledger other, long times = 1)
    {
        for (var i = 0; i < Parts; i++)
        {
            this[i] += times * other[i];
        }
    }
}
