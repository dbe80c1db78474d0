using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>A linear layer of a block.</summary>
/// <param name="Target">What LoRA calls it.</param>
/// <param name="Alike">So many of this size a block has: one for each expert.</param>
internal readonly record struct Linear(long Inputs, long Outputs, Targets Target, long Alike = 1)
{
    /// <summary>Room for all of a block.</summary>
    public const int Most = 12;

    /// <returns>How many entries of <paramref name="into"/> were filled.</returns>
    public static int Of(Block block, Span<Linear> into)
    {
        var count = Attention(block, into);
        if (block.CrossAttends)
        {
            count += Attention(block, into[count..]);
        }
        var width = Math.Max(1, (long)(block.Intermediate * block.ExpertCopies / block.Experts));
        if (block.Gated)
        {
            into[count++] = new(block.Hidden, width, Targets.Gate, block.Experts);
        }
        into[count++] = new(block.Hidden, width, Targets.Up, block.Experts);
        into[count++] = new(width, block.Hidden, Targets.Down, block.Experts);
        return count;
    }

    /// <summary>Those of attention.</summary>
    public static int Attention(Block block, Span<Linear> into)
    {
        var count = 0;
        if (block.Latent is { } latent)
        {
            if (latent.QueryRank is { } rank)
            {
                into[count++] = new(block.Hidden, rank, Targets.None);
            }
            into[count++] = new(latent.QueryRank ?? block.Hidden, block.Queries, Targets.Query);
            into[count++] = new(block.Hidden, latent.KvRank + latent.RopeDim, Targets.None);
            into[count++] = new(latent.KvRank, block.Heads * (latent.NopeDim + latent.ValueDim), Targets.Key | Targets.Value);
        }
        else if (block.FusedQkv)
        {
            into[count++] = new(block.Hidden, block.Queries + 2 * block.Keys, Targets.Query | Targets.Key | Targets.Value);
        }
        else
        {
            into[count++] = new(block.Hidden, block.Queries, Targets.Query);
            into[count++] = new(block.Hidden, block.Keys, Targets.Key);
            into[count++] = new(block.Hidden, block.Keys, Targets.Value);
        }
        into[count++] = new(block.Values, block.Hidden, Targets.Output);
        return count;
    }
}
