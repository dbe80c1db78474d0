namespace GpuWatch.Core.Forecast;

/// <summary>Why memory would run out.</summary>
public enum Cause
{
    /// <summary>The weights alone do not fit.</summary>
    Load,
    FirstForward,
    FirstBackward,
    /// <summary>The optimizer's states, which appear when it steps for the first time.</summary>
    FirstOptimizer,
    /// <summary>A batch longer than any seen so far.</summary>
    LongBatch,
    /// <summary>Live bytes grow with every step.</summary>
    Leak,
    /// <summary>Evaluation keeps what it computes.</summary>
    Evaluation,
    /// <summary>Another tenant of the device grows.</summary>
    Neighbour,
    /// <summary>There is room, but in pieces.</summary>
    Fragmentation,
    /// <summary>It takes much more than its declaration says.</summary>
    Blowup,
    /// <summary>It rises, and nothing is known of why.</summary>
    Growth,
}
