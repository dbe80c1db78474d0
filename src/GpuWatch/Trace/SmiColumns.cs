using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>What a log of nvidia-smi --query-gpu can tell that matters here.</summary>
internal enum SmiColumn
{
    Timestamp,
    Index,
    Uuid,
    BusId,
    Used,
    Free,
    Total,
    Reserved,
}

/// <summary>
/// Which field of a row is which column, and the unit its header gives: "memory.used [MiB]", "memory.used", "used_mib", "free_bytes".
/// Without a unit it is MiB, as nvidia-smi counts.
/// </summary>
internal sealed class SmiColumns
{
    private static readonly (string Name, SmiColumn Column)[] Known =
    [
        ("timestamp", SmiColumn.Timestamp),
        ("index", SmiColumn.Index), ("gpu", SmiColumn.Index),
        ("uuid", SmiColumn.Uuid), ("gpu.uuid", SmiColumn.Uuid),
        ("pci.bus.id", SmiColumn.BusId), ("gpu.bus.id", SmiColumn.BusId),
        ("memory.used", SmiColumn.Used), ("used", SmiColumn.Used),
        ("memory.free", SmiColumn.Free), ("free", SmiColumn.Free),
        ("memory.total", SmiColumn.Total), ("total", SmiColumn.Total),
        ("memory.reserved", SmiColumn.Reserved), ("reserved", SmiColumn.Reserved),
    ];

    private static readonly (string Unit, long Bytes)[] Units =
        [("mib", Core.Units.Bytes.MiBCount), ("kib", Core.Units.Bytes.KiBCount), ("gib", Core.Units.Bytes.GiBCount), ("bytes", 1), ("b", 1)];

    private readonly int[] fieldOf = new int[Enum.GetValues<SmiColumn>().Length];
    private readonly long[] unitOf = new long[Enum.GetValues<SmiColumn>().Length];

    /// <param name="names">Column names in the order of the fields.</param>
    public SmiColumns(string[] names)
    {
        Array.Fill(fieldOf, -1);
        Count = names.Length;
        for (var field = 0; field < names.Length; field++)
        {
            if (Find(names[field], out var column, out var unit) && fieldOf[(int)column] < 0)
            {
                (fieldOf[(int)column], unitOf[(int)column]) = (field, unit);
            }
        }
    }

    /// <summary>Fields in a row.</summary>
    public int Count { get; }

    /// <summary>Index of the field, −1 when the log has no such column.</summary>
    public int this[SmiColumn column] => fieldOf[(int)column];

    /// <summary>Rows say which GPU they are of.</summary>
    public bool TellsGpus => this[SmiColumn.Index] >= 0 || this[SmiColumn.Uuid] >= 0 || this[SmiColumn.BusId] >= 0;

    public bool Has(SmiColumn column) => this[column] >= 0;

    public Bytes Unit(SmiColumn column) => new(unitOf[(int)column]);

    /// <summary>Some name is the timestamp's or a memory's: this is the header of such a log, though perhaps of one that cannot be used.</summary>
    public bool LooksRight => Has(SmiColumn.Timestamp) || Has(SmiColumn.Used) || Has(SmiColumn.Free) || Has(SmiColumn.Total);

    /// <summary>The total is told, or follows from used and free.</summary>
    public bool TellsTotal => Has(SmiColumn.Total) || (Has(SmiColumn.Used) && Has(SmiColumn.Free));

    /// <summary>Bytes in a unit that a value or a header names; null when there is no such unit.</summary>
    public static long? BytesIn(ReadOnlySpan<char> unit)
    {
        foreach (var (name, bytes) in Units)
        {
            if (unit.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return bytes;
            }
        }
        return null;
    }

    private static bool Find(string header, out SmiColumn column, out long unit)
    {
        var name = header.Trim().ToLowerInvariant();
        unit = Core.Units.Bytes.MiBCount;
        if (name.EndsWith(']') && name.IndexOf('[', StringComparison.Ordinal) is >= 0 and var bracket)
        {
            unit = BytesIn(name.AsSpan(bracket + 1, name.Length - bracket - 2)) ?? unit;
            name = name[..bracket].TrimEnd();
        }
        else if (name.LastIndexOf('_') is >= 0 and var suffix && BytesIn(name.AsSpan(suffix + 1)) is { } named)
        {
            unit = named;
            name = name[..suffix];
        }
        name = name.Replace('_', '.');
        var at = Array.FindIndex(Known, known => known.Name == name);
        column = at < 0 ? default : Known[at].Column;
        return at >= 0;
    }
}
