using System.Text;

namespace GpuWatch.Trace;

/// <summary>Columns of a trace (the first eight, CONTRACTS 5) and those a GpuWatch recording adds so that nothing is lost.</summary>
internal enum TraceColumn
{
    Time,
    Gpu,
    Pid,
    Used,
    DeviceUsed,
    DeviceTotal,
    TorchAllocated,
    TorchReserved,
    Reserved,
    Free,
    StartTicks,
    Fault,
    FaultReason,
}

/// <summary>Which field of a row is which column.</summary>
internal sealed class TraceColumns
{
    /// <summary>In the order of <see cref="TraceColumn"/>.</summary>
    public static readonly string[] Names =
    [
        "time_s", "gpu", "pid", "used_bytes", "device_used_bytes", "device_total_bytes", "torch_allocated_bytes",
        "torch_reserved_bytes", "reserved_bytes", "free_bytes", "start_ticks", "fault", "fault_reason",
    ];

    private const int Required = 6;
    private readonly int[] fieldOf;
    private readonly byte[] header;

    private TraceColumns(int[] fieldOf, int count, byte[] header)
    {
        this.fieldOf = fieldOf;
        this.header = header;
        Count = count;
    }

    /// <summary>Fields in a row.</summary>
    public int Count { get; }

    /// <summary>Index of the field, −1 when the trace has no such column.</summary>
    public int this[TraceColumn column] => fieldOf[(int)column];

    public string Name(TraceColumn column) => Names[(int)column];

    /// <summary>The header, which logs put together from several repeat.</summary>
    public bool IsHeader(ReadOnlySpan<byte> line) => line.SequenceEqual(header);

    /// <param name="missing">The first required column that is not named; null when none is missing.</param>
    public static TraceColumns Of(string header, out string? missing)
    {
        var names = header.Split(',', StringSplitOptions.TrimEntries);
        var fieldOf = Array.ConvertAll(Names, name => Array.IndexOf(names, name));
        var absent = Array.FindIndex(fieldOf, 0, Required, field => field < 0);
        missing = absent < 0 ? null : Names[absent];
        return new TraceColumns(fieldOf, names.Length, Encoding.UTF8.GetBytes(header));
    }
}
