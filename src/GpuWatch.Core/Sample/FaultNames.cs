namespace GpuWatch.Core.Sample;

/// <summary>Faults by the names that recordings, metrics and the API give them.</summary>
public static class FaultNames
{
    private static readonly (FaultKind Kind, string Name)[] Table =
    [
        (FaultKind.GpuLost, "gpu-lost"),
        (FaultKind.NoPermission, "no-permission"),
        (FaultKind.Timeout, "timeout"),
        (FaultKind.DriverUnresponsive, "driver-unresponsive"),
        (FaultKind.DriverReloaded, "driver-reloaded"),
        (FaultKind.DriverNotLoaded, "driver-not-loaded"),
        (FaultKind.LibraryNotFound, "library-not-found"),
        (FaultKind.NotSupported, "not-supported"),
        (FaultKind.Removed, "removed"),
        (FaultKind.Unknown, "unknown"),
    ];

    /// <summary>For a sentence about a name that is none of them.</summary>
    public static string All { get; } = string.Join(", ", Array.ConvertAll(Table, row => row.Name));

    public static string Name(FaultKind kind) => Array.Find(Table, row => row.Kind == kind).Name;

    /// <returns>False: there is no such fault.</returns>
    public static bool TryParse(string name, out FaultKind kind)
    {
        var at = Array.FindIndex(Table, row => row.Name == name);
        kind = at < 0 ? default : Table[at].Kind;
        return at >= 0;
    }
}
