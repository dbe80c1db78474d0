namespace GpuWatch.Core.Estimate.Tape;

/// <summary>The weight of a linear layer, its bias included.</summary>
/// <param name="Inputs">Width of what goes in.</param>
/// <param name="Outputs">Width of what comes out.</param>
/// <param name="Biases">Numbers in the bias; 0 = none.</param>
/// <param name="Width">Bytes of a number as stored.</param>
/// <param name="Trained">Gets a gradient.</param>
/// <param name="Quantised">Kept in 4 or 8 bits, and dequantised for each product.</param>
/// <param name="Copies">Such weights there are for each that a token passes through: other experts'.</param>
internal readonly record struct Weight(
    long Inputs, long Outputs, long Biases, int Width, bool Trained, bool Quantised = false, double Copies = 1)
{
    public long Elements => (long)((Inputs * Outputs + Biases) * Copies);
}
