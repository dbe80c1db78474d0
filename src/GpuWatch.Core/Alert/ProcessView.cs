using System.Collections.Immutable;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Alert;

/// <summary>What stands of one process now, for show.</summary>
/// <param name="Pid">Null: the device itself is watched.</param>
/// <param name="Plan">As estimated from its job; null without one.</param>
/// <param name="Corrected">As it stands after what was seen; the same as Plan while that is not contradicted.</param>
/// <param name="Alerts">Those that stand, in the order of their kinds.</param>
public sealed record ProcessView(
    int? Pid,
    JobPhase Phase,
    Bytes Used,
    Bytes HighWater,
    Plan? Plan,
    Plan? Corrected,
    Outlook Outlook,
    ImmutableArray<Alert> Alerts);

/// <summary>What stands of one GPU now.</summary>
/// <param name="Fault">Why it gives no data; null when it does.</param>
public sealed record DeviceView(int Gpu, ImmutableArray<ProcessView> Processes, Alert? Fault);
