using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>
/// A log of nvidia-smi --query-gpu=… --format=csv in any of its dialects. It knows no processes, so the device itself is watched.
/// </summary>
/// <param name="header">The columns to begin with; a header between rows may change them.</param>
/// <param name="cardTotal">Memory of the card where the log does not tell it; null when nobody said.</param>
/// <param name="note">Takes a sentence about what had to be assumed.</param>
internal sealed class SmiReader(LineReader lines, SmiColumns header, Bytes? cardTotal, bool firstIsRow, Action<string> note) : IRowReader
{
    private readonly CsvFields fields = new();
    private readonly SmiGpus gpus = new();
    private SmiColumns columns = header;
    private bool rowIsRead = firstIsRow;
    private double? latestUntold;
    private bool isMergingTold;

    public BadInputException Bad(string problem, string expectation) => lines.Bad(problem, expectation);

    public bool TryRead(out Row row)
    {
        while (rowIsRead || lines.Read())
        {
            rowIsRead = false;
            if (!lines.Line.IsEmpty && lines.Line[0] != '#' && !TakeHeader())
            {
                row = Parse();
                return true;
            }
        }
        row = default;
        return false;
    }

    /// <summary>A header between rows: nvidia-smi was started anew, perhaps asked for other columns.</summary>
    private bool TakeHeader()
    {
        if (!fields.TrySplit(lines.Line))
        {
            throw Incomplete.Row(lines, fields.Count, columns.Count);
        }
        for (var field = 0; field < fields.Count; field++)
        {
            var text = lines.Line[fields[field]];
            if (text.Length == 9 && Ascii.EqualsIgnoreCase(text, "timestamp"u8))
            {
                columns = SmiHeader.Checked(new SmiColumns(CsvFields.Names(lines.Line)), cardTotal, lines);
                return true;
            }
        }
        return false;
    }

    private Row Parse()
    {
        if (fields.Count != columns.Count)
        {
            throw Incomplete.Row(lines, fields.Count, columns.Count);
        }
        var gpu = Gpu();
        var time = Time(gpu);
        if (!columns.TellsGpus)
        {
            TellOfMerging(time);
        }
        return Absence() is { } fault
            ? new Row(time, gpu, default, default, null, null, null, fault)
            : Reading(time, gpu);
    }

    /// <summary>
    /// Order does not tell GPUs apart: nvidia-smi reads them one after the other, so that in real logs of two every tenth pair has two timestamps.
    /// </summary>
    private void TellOfMerging(double time)
    {
        if (time == latestUntold && !isMergingTold)
        {
            isMergingTold = true;
            note($"{lines.Place}: several rows of one instant, and no index, uuid or pci.bus_id column: they are taken as one GPU, by the largest use of each instant; a log of several GPUs needs such a column");
        }
        latestUntold = time;
    }

    private Row Reading(double time, int gpu)
    {
        var total = Size(SmiColumn.Total) ?? (columns.TellsTotal ? null : cardTotal);
        var told = SmiMemory.From(total, Size(SmiColumn.Used), Size(SmiColumn.Free), Size(SmiColumn.Reserved));
        if (told is not { } memory)
        {
            throw Bad("the row tells too little of the memory", "expected total and used, total and free, or used and free");
        }
        if (memory.Contradiction is { } contradiction)
        {
            throw Bad(contradiction, columns.TellsTotal ? "expected used + free ≤ total" : "expected the card's memory by --total-mib");
        }
        if (!columns.TellsGpus && gpus.ChangesTotal(memory.Total))
        {
            throw Bad($"the total is suddenly {memory.Total}", "expected an index, uuid or pci.bus_id column in a log of several GPUs");
        }
        return new Row(time, gpu, memory.Total, memory.Used, memory.Reserved, memory.Free, new ProcessReading(null, memory.Used));
    }

    private int Gpu()
    {
        if (columns.Has(SmiColumn.Index))
        {
            var index = Field(SmiColumn.Index);
            return FieldNumbers.TryWhole(index, out var gpu) && gpu is >= 0 and <= int.MaxValue
                ? (int)gpu
                : throw Bad($"index {FieldNumbers.Shown(index)} is not a GPU's number", "expected 0, 1, …");
        }
        var name = Field(columns.Has(SmiColumn.Uuid) ? SmiColumn.Uuid : SmiColumn.BusId);
        return gpus.Named(name) ?? throw Bad("each row seems to be of another GPU", "expected a uuid or pci.bus_id column that tells GPUs apart");
    }

    private double Time(int gpu)
    {
        var field = Field(SmiColumn.Timestamp);
        return SmiTimestamp.TryParse(field, out var seconds)
            ? gpus.Next(gpu, seconds) ?? throw Bad($"time runs backwards at {FieldNumbers.Shown(field)}", "expected rows in order of time")
            : throw Bad($"timestamp {FieldNumbers.Shown(field)} is not a time", "expected one like 2023/06/22 18:56:56.252");
    }

    /// <summary>Why the row has no numbers; null when it has enough.</summary>
    private Fault? Absence()
    {
        var fault = SmiValue.Absence(Field(SmiColumn.Used)) ?? SmiValue.Absence(Field(SmiColumn.Free)) ?? SmiValue.Absence(Field(SmiColumn.Total));
        return fault is { } && SmiMemory.From(Size(SmiColumn.Total) ?? cardTotal, Size(SmiColumn.Used), Size(SmiColumn.Free), null) is null
            ? fault
            : null;
    }

    private Bytes? Size(SmiColumn column)
    {
        var field = Field(column);
        if (field.IsEmpty || SmiValue.Absence(field) is not null)
        {
            return null;
        }
        if (!SmiValue.TrySize(field, columns.Unit(column), out var size))
        {
            throw Bad($"{Name(column)} {FieldNumbers.Shown(field)} is not a size", "expected one like 841 MiB or 841");
        }
        return size >= Bytes.Zero ? size : throw Bad($"{Name(column)} {FieldNumbers.Shown(field)} is negative", "expected 0 or more");
    }

    private static string Name(SmiColumn column) => column switch
    {
        SmiColumn.Used => "memory.used",
        SmiColumn.Free => "memory.free",
        SmiColumn.Total => "memory.total",
        _ => "memory.reserved",
    };

    private ReadOnlySpan<byte> Field(SmiColumn column) => columns[column] is >= 0 and var at ? lines.Line[fields[at]] : default;
}
