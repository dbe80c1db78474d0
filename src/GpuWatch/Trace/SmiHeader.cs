using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>What the columns of an nvidia-smi log must hold to be of use.</summary>
internal static class SmiHeader
{
    /// <summary>
    /// Memory of the card where only free memory is told and nobody said: a constant, so that the room left and every change are right,
    /// and only the words "used" and "total" stand on an assumption.
    /// </summary>
    public static readonly Bytes AssumedTotal = Bytes.FromGiB(80);

    /// <returns>The columns, when they suffice.</returns>
    /// <param name="total">What the user said the card has; null when nothing.</param>
    public static SmiColumns Checked(SmiColumns columns, Bytes? total, LineReader lines)
    {
        if (!columns.Has(SmiColumn.Timestamp))
        {
            throw lines.Bad("no timestamp column", "expected nvidia-smi --query-gpu=timestamp,memory.used,memory.total --format=csv");
        }
        if (!columns.Has(SmiColumn.Used) && !columns.Has(SmiColumn.Free))
        {
            throw lines.Bad("no memory.used and no memory.free column", "expected one of them");
        }
        if (!columns.TellsTotal && !columns.Has(SmiColumn.Free) && total is null)
        {
            throw lines.Bad("no memory.total and no memory.free column", "expected one of them, or the card's memory by --total-mib");
        }
        return columns;
    }
}
