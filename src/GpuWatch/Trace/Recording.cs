using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>Sweeps out of a file: a trace, GpuWatch's own recording or an nvidia-smi log, told apart by what the first line holds.</summary>
/// <param name="Columns">Names of the columns of a file without a header, separated by commas; null when it has one.</param>
/// <param name="Total">Memory of the card, for a log that does not tell it.</param>
internal sealed record RecordingOptions(string? Columns = null, Bytes? Total = null);

internal static class Recording
{
    /// <summary>
    /// The sweeps in order of time, read as they are asked for. All that stands before a mistake is handed out before the mistake is thrown.
    /// </summary>
    /// <param name="note">Takes a sentence about what had to be assumed.</param>
    /// <exception cref="BadInputException">The file, or the line it is at, cannot be used.</exception>
    public static IEnumerable<Sweep> Read(string file, RecordingOptions options, Action<string> note)
    {
        using var lines = new LineReader(TextStream.Open(file), file);
        var rows = RowReaders.For(lines, file, options, note);
        var sweeps = new SweepBuilder();
        BadInputException? bad;
        Row row;
        while ((bad = Next(rows, sweeps, out row, out var more)) is null && more)
        {
            if (sweeps.Completes(row) && sweeps.Take() is { } complete)
            {
                yield return complete;
            }
            sweeps.Add(row);
        }
        if (sweeps.Take() is { } last)
        {
            yield return last;
        }
        if (bad is not null)
        {
            throw bad;
        }
    }

    private static BadInputException? Next(IRowReader rows, SweepBuilder sweeps, out Row row, out bool more)
    {
        try
        {
            more = rows.TryRead(out row);
            return more && !sweeps.Completes(row) && sweeps.Contradiction(row) is { } contradiction
                ? rows.Bad(contradiction, "expected each process once, and one state of the device")
                : null;
        }
        catch (BadInputException bad)
        {
            (row, more) = (default, false);
            return bad;
        }
    }
}
