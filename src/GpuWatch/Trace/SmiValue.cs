using System.Buffers.Text;
using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>A size as nvidia-smi prints it: "841 MiB", "841" in the header's unit, or words in brackets why there is none.</summary>
internal static class SmiValue
{
    public static bool TrySize(ReadOnlySpan<byte> field, Bytes unit, out Bytes size)
    {
        size = default;
        if (!Utf8Parser.TryParse(field, out double number, out int used) || !double.IsFinite(number))
        {
            return false;
        }
        var rest = field[used..].TrimStart((byte)' ');
        if (!rest.IsEmpty)
        {
            Span<char> letters = stackalloc char[8];
            if (rest.Length > letters.Length || !Encoding.UTF8.TryGetChars(rest, letters, out var count)
                || SmiColumns.BytesIn(letters[..count]) is not { } named)
            {
                return false;
            }
            unit = new Bytes(named);
        }
        if (Math.Abs(number) > long.MaxValue / 2 / unit.Count)
        {
            return false;
        }
        size = unit * number;
        return true;
    }

    /// <summary>Words in place of a number: [N/A], [GPU is lost], [Insufficient Permissions], ERR!.</summary>
    public static Fault? Absence(ReadOnlySpan<byte> field)
    {
        if (field.IsEmpty || (field[0] != '[' && !field.SequenceEqual("N/A"u8) && !field.SequenceEqual("ERR!"u8)))
        {
            return null;
        }
        var words = FieldNumbers.Shown(field);
        var kind =
            words.Contains("lost", StringComparison.OrdinalIgnoreCase) ? FaultKind.GpuLost :
            words.Contains("ermission", StringComparison.Ordinal) ? FaultKind.NoPermission :
            words.Contains("N/A", StringComparison.Ordinal) || words.Contains("Not Supported", StringComparison.OrdinalIgnoreCase) ? FaultKind.NotSupported :
            FaultKind.Unknown;
        return new Fault(kind, $"nvidia-smi wrote {words} in place of the GPU's memory.");
    }
}
