using System.Globalization;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>A row with too few or too many fields. At the very end of a file it was cut, or is still being written.</summary>
internal static class Incomplete
{
    public static BadInputException Row(LineReader lines, int fields, int expected)
    {
        var expectation = string.Create(CultureInfo.InvariantCulture, $"expected {expected} fields separated by commas");
        return lines.Unended && fields < expected
            ? lines.Bad("the file ends in the middle of a row", expectation)
            : lines.Bad(string.Create(CultureInfo.InvariantCulture, $"a row of {fields} fields"), expectation);
    }
}
