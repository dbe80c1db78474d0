using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>Bytes of a quantised weight, scales included.</summary>
internal static class QuantisedWeights
{
    [Formula("QLoRA (arXiv 2305.14314), section 3; GPTQ (arXiv 2210.17323); AQLM (arXiv 2401.06118)")]
    public static double BytesPerWeight(string? format, int? bits) => format switch
    {
        // 4 bits and an fp32 absmax for each 64 (QLoRA, arXiv 2305.14314, section 3: 0.5 bit a parameter).
        "nf4" or "fp4" or "int4" => 0.5 + 4.0 / 64,
        // The absmax in 8 bits, and an fp32 scale for 256 of those: 0.127 bit.
        "nf4-dq" => 0.5 + 1.0 / 64 + 4.0 / (64 * 256),
        // Groups of 128 with a 16-bit scale and a zero of the weight's bits (GPTQ, arXiv 2210.17323).
        "gptq" or "awq" => (bits ?? 4) / 8.0 * (1 + 1.0 / 128) + 2.0 / 128,
        // Two codes of 8 bits for 8 weights, and codebooks (AQLM, arXiv 2401.06118).
        "aqlm" => 0.25 + 0.05,
        "int8" => 1.0,
        _ when bits == 8 => 1.0,
        _ when bits == 2 => 0.3,
        // What data/autograd.csv records: packed nibbles and one byte a 64-block.
        _ => 0.5 + 1.0 / 64,
    };
}
