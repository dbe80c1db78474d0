using System.Globalization;
using System.Text;

namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>Text as protocols 0 and 1 write it.</summary>
internal static class PickleEscapes
{
    /// <summary>raw-unicode-escape: \uXXXX and \UXXXXXXXX, every other character as it stands.</summary>
    public static string Raw(string text) => Unescape(text, letter => letter switch { 'u' => 4, 'U' => 8, _ => null }, _ => null);

    /// <summary>A literal of Python 2, without its quotes; null = it has none.</summary>
    public static string? Quoted(string text) =>
        text is [('\'' or '"') and var open, .., var close] && open == close && text.Length >= 2
            ? Unescape(text[1..^1], letter => letter == 'x' ? 2 : null, letter => letter switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '\\' or '\'' or '"' => letter, _ => null })
            : null;

    /// <param name="digits">How many hexadecimal digits come after the letter; null = it is no number.</param>
    /// <param name="plain">What a letter stands for; null = it is no escape, and the backslash stays.</param>
    private static string Unescape(string text, Func<char, int?> digits, Func<char, char?> plain)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }
        var told = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at] == '\\' && at + 1 < text.Length ? text[at + 1] : '\0';
            if (digits(letter) is { } count && at + 2 + count <= text.Length
                && uint.TryParse(text.AsSpan(at + 2, count), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && code <= 0x10ffff)
            {
                Append(told, code);
                at += count + 1;
            }
            else if (letter != '\0' && plain(letter) is { } meant)
            {
                told.Append(meant);
                at++;
            }
            else
            {
                told.Append(text[at]);
            }
        }
        return told.ToString();
    }

    private static void Append(StringBuilder told, uint code)
    {
        if (code <= char.MaxValue)
        {
            told.Append((char)code);
            return;
        }
        told.Append(char.ConvertFromUtf32((int)code));
    }
}
