using System.Collections.Frozen;
using System.Collections.Immutable;

namespace GpuWatch.Core.Jobs;

/// <summary>The words one key knows. Case, blanks, dashes, underscores and a remark in brackets do not matter; aliases lead to the canonical word.</summary>
public sealed class WordList
{
    private readonly FrozenDictionary<string, string> canonical;

    /// <param name="entries">Each "word" or "word = alias, alias".</param>
    public WordList(params string[] entries)
    {
        var spellings = new Dictionary<string, string>();
        var words = ImmutableArray.CreateBuilder<string>();
        foreach (var entry in entries)
        {
            var parts = entry.Split(['=', ','], StringSplitOptions.TrimEntries);
            words.Add(parts[0]);
            foreach (var spelling in parts)
            {
                if (!spellings.TryAdd(Bare(spelling), parts[0]) && spellings[Bare(spelling)] != parts[0])
                {
                    throw new ArgumentException($"'{spelling}' would mean two words");
                }
            }
        }
        Words = words.ToImmutable();
        canonical = spellings.ToFrozenDictionary();
    }

    public ImmutableArray<string> Words { get; }

    public string Expects => Words.Length == 1 ? Words[0] : $"{string.Join(", ", Words[..^1])} or {Words[^1]}";

    /// <summary>The canonical word; null when the text is none of the list.</summary>
    public string? Find(string text) => canonical.GetValueOrDefault(Bare(text));

    private static string Bare(string text)
    {
        var end = text.IndexOf('(') is > 0 and var bracket ? bracket : text.Length;
        Span<char> bare = stackalloc char[64];
        var length = 0;
        foreach (var letter in text.AsSpan(0, end))
        {
            if (letter is not (' ' or '-' or '_' or '\t'))
            {
                if (length == bare.Length)
                {
                    return text;
                }
                bare[length++] = char.ToLowerInvariant(letter);
            }
        }
        return new string(bare[..length]);
    }
}
