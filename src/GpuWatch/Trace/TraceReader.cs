using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>
/// The trace of CONTRACTS 5 (a), its columns in any order, and GpuWatch's own recording, which is a trace with more columns
/// (<see cref="TraceColumn"/>). Columns of other names are passed over, lines that begin with # also.
/// </summary>
internal sealed class TraceReader(LineReader lines, TraceColumns columns, bool firstIsRow) : IRowReader
{
    private readonly CsvFields fields = new();
    private bool rowIsRead = firstIsRow;
    private double latest;

    public BadInputException Bad(string problem, string expectation) => lines.Bad(problem, expectation);

    public bool TryRead(out Row row)
    {
        while (rowIsRead || lines.Read())
        {
            rowIsRead = false;
            if (lines.Line.Length > 0 && lines.Line[0] != '#' && !columns.IsHeader(lines.Line))
            {
                row = Parse();
                return true;
            }
        }
        row = default;
        return false;
    }

    private Row Parse()
    {
        if (!fields.TrySplit(lines.Line) || fields.Count != columns.Count)
        {
            throw Incomplete.Row(lines, fields.Count, columns.Count);
        }
        var time = Time();
        var gpu = (int)Whole(TraceColumn.Gpu, int.MaxValue);
        return ReadFault() is { } fault
            ? new Row(time, gpu, default, default, null, null, null, fault)
            : Reading(time, gpu);
    }

    private Row Reading(double time, int gpu)
    {
        var total = Size(TraceColumn.DeviceTotal);
        var used = Size(TraceColumn.DeviceUsed);
        if (used > total)
        {
            throw Bad($"device_used_bytes {used.Count} is more than device_total_bytes {total.Count}", "expected used ≤ total");
        }
        return new Row(time, gpu, total, used, OptionalSize(TraceColumn.Reserved), OptionalSize(TraceColumn.Free), Process());
    }

    private ProcessReading? Process()
    {
        var pid = Optional(TraceColumn.Pid, int.MaxValue);
        var used = OptionalSize(TraceColumn.Used);
        return pid is null && used is null
            ? null
            : new ProcessReading(
                (int?)pid,
                used,
                OptionalSize(TraceColumn.TorchAllocated),
                OptionalSize(TraceColumn.TorchReserved),
                Optional(TraceColumn.StartTicks, long.MaxValue));
    }

    private Fault? ReadFault()
    {
        var kind = Field(TraceColumn.Fault);
        if (kind.IsEmpty)
        {
            return null;
        }
        var name = CsvFields.Text(kind);
        return FaultNames.TryParse(name, out var known)
            ? new Fault(known, CsvFields.Text(Field(TraceColumn.FaultReason)))
            : throw Bad($"{FieldNumbers.Shown(kind)} is no fault", $"expected one of {FaultNames.All}");
    }

    private double Time()
    {
        var field = Field(TraceColumn.Time);
        if (!FieldNumbers.TryFinite(field, out var time))
        {
            throw Bad($"time_s {FieldNumbers.Shown(field)} is not a number", "expected seconds");
        }
        if (time < 0)
        {
            throw Bad($"time_s {FieldNumbers.Shown(field)} is negative", "expected seconds from 0 on");
        }
        if (time < latest)
        {
            throw Bad(
                FormattableString.Invariant($"time runs backwards: {time} s after {latest} s"), "expected rows in order of time_s");
        }
        return latest = time;
    }

    private Bytes Size(TraceColumn column) => new(Whole(column, long.MaxValue));

    private Bytes? OptionalSize(TraceColumn column) => Optional(column, long.MaxValue) is { } count ? new Bytes(count) : null;

    private long Whole(TraceColumn column, long most) =>
        Optional(column, most) ?? throw Bad($"{columns.Name(column)} is empty", "expected a whole number");

    private long? Optional(TraceColumn column, long most)
    {
        var field = Field(column);
        if (field.IsEmpty)
        {
            return null;
        }
        if (!FieldNumbers.TryWhole(field, out var value) || value > most)
        {
            throw Bad($"{columns.Name(column)} {FieldNumbers.Shown(field)} is not a whole number", "expected digits only");
        }
        return value >= 0 ? value : throw Bad($"{columns.Name(column)} {value} is negative", "expected 0 or more");
    }

    private ReadOnlySpan<byte> Field(TraceColumn column) =>
        columns[column] is >= 0 and var at ? lines.Line[fields[at]] : default;
}
