using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>Finds the reader that fits a file's first line.</summary>
internal static class RowReaders
{
    private const string Expected =
        "expected the header of a trace (time_s,gpu,pid,…) or of nvidia-smi --format=csv, or its names by --columns";

    public static IRowReader For(LineReader lines, string file, RecordingOptions options, Action<string> note)
    {
        SkipComments(lines);
        return options.Columns is { } named
            ? ForNames(named, "--columns", lines, file, options, note, firstIsRow: true)
            : ForNames(System.Text.Encoding.UTF8.GetString(lines.Line), null, lines, file, options, note, firstIsRow: false);
    }

    private static IRowReader ForNames(
        string header, string? flag, LineReader lines, string file, RecordingOptions options, Action<string> note, bool firstIsRow)
    {
        var names = header.Split(',', StringSplitOptions.TrimEntries);
        var columns = new SmiColumns(names);
        if (names.Contains(TraceColumns.Names[0]) || (names.Count(TraceColumns.Names.Contains) >= 3 && !columns.Has(SmiColumn.Timestamp)))
        {
            var trace = TraceColumns.Of(header, out var missing);
            return missing is null ? new TraceReader(lines, trace, firstIsRow) : throw Missing(missing, flag, lines);
        }
        if (!columns.LooksRight)
        {
            throw lines.Bad("no column that a recording has", Expected);
        }
        SmiHeader.Checked(columns, options.Total, lines);
        return new SmiReader(lines, columns, CardTotal(columns, options.Total, file, note), firstIsRow, note);
    }

    private static BadInputException Missing(string column, string? flag, LineReader lines)
    {
        var expectation = $"expected {string.Join(',', TraceColumns.Names.Take(6))} and more in any order";
        return flag is null
            ? lines.Bad($"no column {column}", expectation)
            : new BadInputException(flag, $"no column {column}", expectation);
    }

    private static Bytes? CardTotal(SmiColumns columns, Bytes? said, string file, Action<string> note)
    {
        if (columns.TellsTotal)
        {
            return said is null ? null : throw new BadInputException("--total-mib", $"{file} tells the card's memory itself", "expected no --total-mib");
        }
        if (said is null)
        {
            note($"{file}: only free memory is told; a card of {SmiHeader.AssumedTotal} is assumed (--total-mib says otherwise)");
        }
        return said ?? SmiHeader.AssumedTotal;
    }

    private static void SkipComments(LineReader lines)
    {
        while (lines.Read())
        {
            if (!lines.Line.IsEmpty && lines.Line[0] != '#')
            {
                return;
            }
        }
        throw lines.Bad("the file holds nothing but comments", Expected);
    }
}
