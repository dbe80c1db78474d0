using System.Text;
using GpuWatch.Core.Units;

namespace GpuWatch;

/// <summary>Text that a person wrote for us, read whole: so it is small, and UTF-8.</summary>
internal static class SmallFile
{
    private const long Largest = 1 << 20;

    /// <param name="expected">What the file should be, "a job file in YAML or JSON".</param>
    /// <exception cref="BadInputException">With FILE:LINE: it cannot be read, is too large or is no text.</exception>
    public static string Read(string path, string expected)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var reader = new StreamReader(file, new UTF8Encoding(false, true));
            var text = file.Length <= Largest
                ? reader.ReadToEnd()
                : throw new BadInputException(path, "the file is larger than 1 MiB", $"expected {expected}");
            return text.Contains('\0', StringComparison.Ordinal) ? throw NotText(path, expected) : text;
        }
        catch (DecoderFallbackException)
        {
            throw NotText(path, expected);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException(path, "cannot be read: " + Plain.Text(fault.Message), $"expected {expected}");
        }
    }

    private static BadInputException NotText(string path, string expected) =>
        new($"{path}:1", "the file is not UTF-8 text", $"expected {expected}");
}
