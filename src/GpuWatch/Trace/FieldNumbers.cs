using System.Buffers.Text;
using System.Text;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>Numbers straight from bytes, in the invariant culture.</summary>
internal static class FieldNumbers
{
    /// <summary>More bytes than a complaint shows.</summary>
    private const int Longest = 400;

    /// <summary>A whole number; "12.0", as table programs write it, is one too.</summary>
    public static bool TryWhole(ReadOnlySpan<byte> field, out long value) =>
        Utf8Parser.TryParse(field, out value, out var used)
        && (used == field.Length || (field[used] == '.' && field[(used + 1)..].IndexOfAnyExcept((byte)'0') < 0));

    /// <summary>A finite number.</summary>
    public static bool TryFinite(ReadOnlySpan<byte> field, out double value) =>
        Utf8Parser.TryParse(field, out value, out int used) && used == field.Length && double.IsFinite(value);

    /// <summary>A field as a complaint may quote it: short, and with nothing a terminal would act on.</summary>
    public static string Shown(ReadOnlySpan<byte> field) =>
        $"\"{Plain.Text(Encoding.UTF8.GetString(field.Length > Longest ? field[..Longest] : field))}\"";
}
