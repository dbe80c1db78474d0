namespace GpuWatch.Core.Jobs;

/// <summary>What a process is there for, as far as its command line tells.</summary>
public enum Trade
{
    /// <summary>It says neither: a script of any name.</summary>
    Unknown,
    /// <summary>It trains.</summary>
    Training,
    /// <summary>It trains, but adapters beside weights that stay as they are.</summary>
    Adapting,
    /// <summary>It answers requests, or computes without training.</summary>
    Serving,
}
