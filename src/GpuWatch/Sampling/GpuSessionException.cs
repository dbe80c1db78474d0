using GpuWatch.Core.Sample;

namespace GpuWatch.Sampling;

/// <summary>The session with the driver cannot be opened or is over for all GPUs; the pipeline opens another after a pause.</summary>
internal sealed class GpuSessionException(Fault fault) : Exception(fault.Reason)
{
    public Fault Fault => fault;
}
