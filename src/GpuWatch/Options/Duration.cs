using System.Globalization;

namespace GpuWatch.Options;

/// <summary>Durations as people write them: 500ms, 10s, 2m, 1.5h, 7d; a number alone is seconds.</summary>
internal static class Duration
{
    public const string Expectation = "a duration such as 500ms, 10s, 2m, 1h or 7d is expected";

    /// <summary>Never negative; false when <paramref name="text"/> is no duration or longer than about 10,000 years.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        var digits = text.AsSpan().Trim();
        var end = digits.Length;
        while (end > 0 && char.IsAsciiLetter(digits[end - 1]))
        {
            end--;
        }
        duration = default;
        var unitSeconds = digits[end..] switch
        {
            "ms" => 0.001,
            "s" or "" => 1.0,
            "m" or "min" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => double.NaN,
        };
        if (!double.TryParse(digits[..end].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || !(number * unitSeconds <= TimeSpan.MaxValue.TotalSeconds / 2))
        {
            return false;
        }
        duration = TimeSpan.FromSeconds(number * unitSeconds);
        return true;
    }

    /// <summary>In the unit that reads shortest: "500 ms", "42 s", "3 min", "2.5 h".</summary>
    public static string InWords(double seconds) => seconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.#} h"),
    };
}
