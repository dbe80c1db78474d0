using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>What an optimizer keeps beside the weights, and what it holds for a moment while it steps.</summary>
internal static class OptimizerStates
{
    /// <summary>Tensors smaller than this keep fp32 moments in an 8-bit optimizer (bitsandbytes, min_8bit_size).</summary>
    private const int SmallestIn8Bit = 4096;

    /// <summary>Tensors smaller than this are not paged (bitsandbytes, get_state_buffer).</summary>
    private const int SmallestPaged = 100_000;

    /// <summary>Values that share one scale in an 8-bit optimizer (bitsandbytes, blockwise quantisation).</summary>
    private const int BlockOf8Bit = 256;

    /// <summary>Bytes of the moments.</summary>
    /// <param name="width">Bytes of a number of the parameters the optimizer sees: 4 for fp32 masters.</param>
    /// <param name="paged">Managed memory counts too.</param>
    public static long Kept(string optimizer, ReadOnlySpan<TensorSize> tensors, int width, bool paged = false)
    {
        var sum = 0L;
        foreach (var (elements, _, count, _) in tensors)
        {
            sum += count * Kept(optimizer, elements, width, paged);
        }
        return sum;
    }

    /// <summary>Bytes alive only while the optimizer steps.</summary>
    /// <param name="masters">It holds fp32 copies of 16-bit weights, and needs the gradients in fp32 too.</param>
    [Formula("PyTorch, torch/optim/adamw.py, _multi_tensor_adamw: denominators of all tensors at once; _single_tensor_adamw: of one")]
    public static long WhileStepping(string optimizer, ReadOnlySpan<TensorSize> tensors, int width, bool masters)
    {
        var (all, largest) = (0L, 0L);
        foreach (var (elements, _, count, _) in tensors)
        {
            all += elements * count;
            largest = Math.Max(largest, elements);
        }
        // foreach AdamW makes its denominators for all tensors at once (torch/optim/adamw.py, _multi_tensor_adamw).
        var foreachCopies = StepsAtOnce(optimizer) ? all * width : 0;
        // One tensor after the other: transformers.AdamW, DecoupledAdamW of llm-foundry.
        var oneCopy = optimizer is "adamw_hf" ? largest * width : 0;
        var gradients = masters ? 4 * (optimizer == "adamw_torch" ? all : largest) : 0;
        return foreachCopies + oneCopy + gradients;
    }

    /// <summary>Its temporaries are of all tensors together (foreach); else one tensor's are gone before the next one's come.</summary>
    public static bool StepsAtOnce(string optimizer) => optimizer is "adamw_torch" or "sgd_momentum" or "lion";

    /// <summary>Each gradient is used up as soon as it is made; so Q-GaLore and Q-APOLLO are published (per layer).</summary>
    public static bool StepsInBackward(string optimizer) => optimizer.Contains("in_backward", StringComparison.Ordinal)
        || optimizer.Contains("layerwise", StringComparison.Ordinal) || optimizer is "lomo" or "adalomo" or "qgalore_adamw8bit" or "q-apollo-mini";

    /// <summary>The rank of the published settings is a fourth of the width: 1024 of 4096.</summary>
    public const int RankShare = 4;

    /// <summary>
    /// Bytes of GaLore's projectors, one number for each fourth of the weights, in 16 bits or in 4 (Q-GaLore). APOLLO draws its projections from a seed.
    /// </summary>
    [Formula("GaLore (arXiv 2403.03507), section 3; Q-GaLore (arXiv 2407.08296); APOLLO (arXiv 2412.05270)")]
    public static long Projectors(string? method, string optimizer, long weights) =>
        method is "qgalore" || optimizer.StartsWith("qgalore", StringComparison.Ordinal) ? weights / RankShare / 2
        : method is "galore" or "pretrain-galore" || optimizer.StartsWith("galore", StringComparison.Ordinal) ? weights / RankShare * 2
        : 0;

    /// <summary>Gradients are projected to a low rank before the moments see them: transformers' optim says so of a method that else is full.</summary>
    public static bool Projects(string optimizer) => optimizer.Contains("galore", StringComparison.Ordinal) || optimizer.Contains("apollo", StringComparison.Ordinal);

    /// <summary>Bytes of the moments of one tensor.</summary>
    [Formula("Dettmers et al. 2021 (arXiv 2110.02861); bitsandbytes, init_state; torchao's low-bit optimizers; torch.optim")]
    public static long Kept(string optimizer, long elements, int width, bool paged = false) => optimizer switch
    {
        // Managed memory (cudaMallocManaged): it gives way to the allocator and is none of its (bitsandbytes, get_state_buffer).
        _ when !paged && elements >= SmallestPaged && optimizer.StartsWith("paged_", StringComparison.Ordinal) => 0,
        "adamw_8bit" or "paged_adamw_8bit" or "adamw_in_backward_8bit" or "galore_adamw_8bit" or "galore_adamw_8bit_layerwise" or "qgalore_adamw8bit" or "adamw_fp8"
            when elements >= SmallestIn8Bit => 2 * (elements + 4 * ((elements + BlockOf8Bit - 1) / BlockOf8Bit)),
        "lion_8bit" or "paged_lion_8bit" when elements >= SmallestIn8Bit => elements + 4 * ((elements + BlockOf8Bit - 1) / BlockOf8Bit),
        "ademamix_8bit" when elements >= SmallestIn8Bit => 3 * (elements + 4 * ((elements + BlockOf8Bit - 1) / BlockOf8Bit)),
        // bitsandbytes keeps its states in fp32 where they are not in 8 bits, whatever the weights (bitsandbytes/optim/optimizer.py, init_state).
        "paged_adamw_32bit" or "adamw_8bit" or "paged_adamw_8bit" or "adamw_in_backward_8bit" => 2 * 4 * elements,
        "paged_lion" or "lion_8bit" or "paged_lion_8bit" => 4 * elements,
        // Two first moments and a second one (AdEMAMix, arXiv 2409.03137).
        "ademamix" or "ademamix_8bit" => 3 * 4 * elements,
        // Half a byte a moment and an fp32 scale for 128 (torchao).
        "adamw_4bit" when elements >= SmallestIn8Bit => elements + 2 * 4 * (elements / 128),
        "sgd" or "lomo" or "adalomo" => 0,
        "sgd_momentum" or "lion" or "adagrad" or "rmsprop" or "muon" => elements * width,
        // A row and a column of each matrix (Shazeer and Stern 2018): next to nothing.
        "adafactor" => elements / 512 * width,
        _ => 2 * elements * width,
    };
}
