namespace GpuWatch.Core.Sample;

/// <summary>What the folds tell the world; each kind is one line of CONTRACTS 5.</summary>
/// <param name="TimeSeconds">Time of the sample that caused it, never of the machine that computed it.</param>
/// <param name="Pid">Null: the whole device.</param>
public abstract record WatchEvent(double TimeSeconds, int Gpu, int? Pid);
