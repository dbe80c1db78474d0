namespace GpuWatch.Core.Units;

/// <summary>Makes text from outside inert before a person or a terminal sees it.</summary>
public static class Plain
{
    private const int Longest = 80;

    /// <summary>The text on one line, without control characters, at most 80 characters of it.</summary>
    public static string Text(string text) => TextUpTo(Longest, text);

    /// <summary>The same with at most so many characters. It is no optional parameter of Text: Select would then hand it the index.</summary>
    public static string TextUpTo(int longest, string text)
    {
        var cut = text.Length > longest ? string.Concat(text.AsSpan(0, longest - 1), "…") : text;
        return cut.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && cut.AsSpan().IndexOfAnyInRange('\x7f', '\x9f') < 0
            ? cut
            : string.Create(cut.Length, cut, (to, from) =>
            {
                for (var i = 0; i < to.Length; i++)
                {
                    to[i] = char.IsControl(from[i]) ? '·' : from[i];
                }
            });
    }
}
