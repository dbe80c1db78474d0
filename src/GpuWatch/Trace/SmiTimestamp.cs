namespace GpuWatch.Trace;

/// <summary>
/// "2023/06/22 18:56:56.252" as nvidia-smi writes it, also with dashes, a T, no fraction or a Z, or plain Unix seconds.
/// nvidia-smi writes local time and not its zone, so the clock on the wall is taken as UTC: differences are right, and t reads back as the log's own clock.
/// </summary>
internal static class SmiTimestamp
{
    /// <param name="seconds">Since 1970-01-01, to the microsecond.</param>
    public static bool TryParse(ReadOnlySpan<byte> field, out double seconds)
    {
        if (field.Length < 19 || field[4] is not ((byte)'/' or (byte)'-'))
        {
            return FieldNumbers.TryFinite(field, out seconds) && seconds >= 0;
        }
        seconds = 0;
        var shape = field[7] == field[4] && field[10] is (byte)' ' or (byte)'T' && field[13] == ':' && field[16] == ':';
        if (!shape
            || !Digits(field[..4], out var year) || !Digits(field[5..7], out var month) || !Digits(field[8..10], out var day)
            || !Digits(field[11..13], out var hour) || !Digits(field[14..16], out var minute) || !Digits(field[17..19], out var second)
            || !Fraction(field[19..], out var microseconds))
        {
            return false;
        }
        if (year < 1970 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }
        var days = new DateOnly(year, month, day).DayNumber - new DateOnly(1970, 1, 1).DayNumber;
        var whole = (((((days * 24L) + hour) * 60) + minute) * 60) + second;
        seconds = ((whole * 1_000_000) + microseconds) / 1e6;
        return true;
    }

    private static bool Fraction(ReadOnlySpan<byte> rest, out int microseconds)
    {
        microseconds = 0;
        if (rest.Length > 0 && rest[^1] == 'Z')
        {
            rest = rest[..^1];
        }
        if (rest.IsEmpty)
        {
            return true;
        }
        if (rest[0] is not ((byte)'.' or (byte)',') || rest.Length is < 2 or > 10)
        {
            return false;
        }
        for (var place = 1; place <= 6; place++)
        {
            microseconds = (microseconds * 10) + (place < rest.Length ? rest[place] - '0' : 0);
        }
        return Digits(rest[1..], out _);
    }

    private static bool Digits(ReadOnlySpan<byte> field, out int value)
    {
        value = 0;
        foreach (var letter in field)
        {
            if (!char.IsAsciiDigit((char)letter))
            {
                return false;
            }
            value = (value * 10) + (letter - '0');
        }
        return true;
    }
}
