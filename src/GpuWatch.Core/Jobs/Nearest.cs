namespace GpuWatch.Core.Jobs;

/// <summary>Finds what a misspelt name probably meant.</summary>
public static class Nearest
{
    /// <summary>The names with the smallest edit distance, nearest first, as "a, b or c".</summary>
    public static string Of(string name, IEnumerable<string> names, int count = 3)
    {
        var nearest = names.Distinct().OrderBy(other => Distance(name.ToLowerInvariant(), other.ToLowerInvariant()))
            .ThenBy(other => other, StringComparer.Ordinal).Take(count).ToArray();
        return nearest.Length < 2 ? string.Concat(nearest) : $"{string.Join(", ", nearest[..^1])} or {nearest[^1]}";
    }

    /// <summary>Levenshtein's edit distance: insertions, deletions and replacements that turn one text into the other.</summary>
    public static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
