using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>One row of any recording: a GPU at an instant and at most one process on it, or the fault that prevented the reading.</summary>
/// <param name="Process">Null: the row tells that nobody runs.</param>
/// <param name="Fault">When set, the sizes mean nothing.</param>
internal readonly record struct Row(
    double TimeSeconds,
    int Gpu,
    Bytes Total,
    Bytes Used,
    Bytes? Reserved,
    Bytes? Free,
    ProcessReading? Process,
    Fault? Fault = null);
