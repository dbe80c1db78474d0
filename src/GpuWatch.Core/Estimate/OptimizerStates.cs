namespace GpuWatch.Core.Estimate;

/// <summary>What an optimizer keeps beside the weights, and what it holds for a moment while it steps.</summary>
internal static class OptimizerStates
{
    /// <summary>Tensors smaller than this keep fp32 moments in an 8-bit optimizer (bitsandbytes, min_8bit_size).</summary>
    private const int SmallestIn8Bit = 4096;

    /// <summary>Values that share one scale in an 8-bit optimizer (bitsandbytes, blockwise quantisation).</summary>
    private const int BlockOf8Bit = 256;

    /// <summary>Bytes of the moments.</summary>
    /// <param name="width">Bytes of a number of the parameters the optimizer sees: 4 for fp32 masters.</param>
    public static long Kept(string optimizer, ReadOnlySpan<TensorSize> tensors, int width)
    {
        var sum = 0L;
        foreach (var (elements, count) in tensors)
        {
            sum += count * Kept(optimizer, elements, width);
        }
        return sum;
    }

    /// <summary>Bytes alive only while the optimizer steps.</summary>
    /// <param name="masters">It holds fp32 copies of 16-bit weights, and needs the gradients in fp32 too.</param>
    public static long WhileStepping(string optimizer, ReadOnlySpan<TensorSize> tensors, int width, bool masters)
    {
        var (all, largest) = (0L, 0L);
        foreach (var (elements, count) in tensors)
        {
            all += elements * count;
            largest = Math.Max(largest, elements);
        }
        // foreach AdamW makes its denominators for all tensors at once (torch/optim/adamw.py, _multi_tensor_adamw).
        var foreachCopies = optimizer == "adamw_torch" ? all * width : 0;
        var gradients = masters ? 4 * (optimizer == "adamw_torch" ? all : largest) : 0;
        return foreachCopies + gradients;
    }

    private static long Kept(string optimizer, long elements, int width) => optimizer switch
    {
        "adamw_8bit" or "paged_adamw_8bit" when elements >= SmallestIn8Bit =>
            2 * (elements + 4 * ((elements + BlockOf8Bit - 1) / BlockOf8Bit)),
        "sgd" => 0,
        "sgd_momentum" or "lion" => elements * width,
        _ => 2 * elements * width,
    };
}
