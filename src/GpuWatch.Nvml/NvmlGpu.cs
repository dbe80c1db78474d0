using System.Collections.Immutable;
using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>
/// One GPU or MIG instance: its memory, its processes, and what to do when it is lost. At most four NVML calls a sweep: a whole
/// reading that follows a probe of the same time takes the memory that the probe has read.
/// Not thread-safe; each GPU is read by one thread.
/// </summary>
/// <param name="startTicks">As in <see cref="ProcessTable"/>, like <paramref name="torch"/>.</param>
internal sealed class NvmlGpu(GpuInfo info, NvmlDevice device, Func<int, long?> startTicks, Func<int, (Bytes? Allocated, Bytes? Reserved)>? torch)
{
    /// <summary>A lost GPU is asked again no sooner, so that it does not hold up the others in the driver.</summary>
    private const double RetryAfterSeconds = 5;

    private readonly MemoryReader memory = new();
    private readonly ProcessList[] lists = [new(ProcessKind.Compute), new(ProcessKind.Graphics), new(ProcessKind.Mps)];
    private readonly ProcessTable table = new(startTicks, torch);
    private readonly string who = $"GPU {info.Index}{(info.Uuid is null ? "" : $" ({info.Uuid})")}";
    private (NvmlReturn Code, Fault Fault, double Until)? lost;
    private (double TimeSeconds, DeviceMemory Memory)? probed;

    public GpuInfo Info => info;

    public GpuOutcome Read(double timeSeconds, bool withProcesses)
    {
        if (lost is { } since && timeSeconds < since.Until && timeSeconds >= since.Until - RetryAfterSeconds)
        {
            return GpuOutcome.Of(info.Index, since.Fault);
        }
        var code = ReadMemory(timeSeconds, out var read);
        if (code != NvmlReturn.Success)
        {
            return Failed(code, timeSeconds);
        }
        lost = null;
        probed = withProcesses ? null : (timeSeconds, read);
        ImmutableArray<ProcessReading> processes = [];
        if (withProcesses && (code = ReadProcesses(read, out processes)) != NvmlReturn.Success)
        {
            return Failed(code, timeSeconds);
        }
        return GpuOutcome.Of(new GpuFrame(timeSeconds, info.Index, read.Total, read.Used, read.Reserved, read.Free, processes));
    }

    private NvmlReturn ReadMemory(double timeSeconds, out DeviceMemory read)
    {
        if (probed is { } probe && probe.TimeSeconds == timeSeconds)
        {
            read = probe.Memory;
            return NvmlReturn.Success;
        }
        read = default;
        var code = lost is null && device.Handle != 0 ? NvmlReturn.Success : Find();
        return code == NvmlReturn.Success ? memory.Read(device, out read) : code;
    }

    /// <summary>Where the lists may not be read or are not kept, the device alone is watched.</summary>
    private NvmlReturn ReadProcesses(in DeviceMemory read, out ImmutableArray<ProcessReading> processes)
    {
        table.Clear();
        var supported = false;
        foreach (var list in lists)
        {
            var code = list.IsSupported ? list.Read(device, read.Total, table) : NvmlReturn.Success;
            if (code is not (NvmlReturn.Success or NvmlReturn.NoPermission))
            {
                processes = [];
                return code;
            }
            supported |= code == NvmlReturn.Success && list.IsSupported;
        }
        processes = supported ? table.Take() : [new ProcessReading(null, read.Used)];
        return NvmlReturn.Success;
    }

    private GpuOutcome Failed(NvmlReturn code, double timeSeconds)
    {
        var fault = NvmlFault.Of(code, who);
        if (code is NvmlReturn.GpuIsLost or NvmlReturn.GpuNotFound or NvmlReturn.ResetRequired or NvmlReturn.InvalidArgument or NvmlReturn.Uninitialized)
        {
            lost = (code, fault, timeSeconds + RetryAfterSeconds);
        }
        return GpuOutcome.Of(info.Index, fault);
    }

    /// <summary>A GPU that comes back may have another handle, but keeps its UUID.</summary>
    private unsafe NvmlReturn Find()
    {
        // Somebody in this process shut NVML down, or the driver forgot us: the session is opened again, by whoever sees it first.
        if (lost is { Code: NvmlReturn.Uninitialized } && NvmlNative.Init() is var opened and not NvmlReturn.Success)
        {
            return opened;
        }
        if (info.Uuid is null)
        {
            return NvmlNative.DeviceGetHandleByIndex((uint)info.Index, out device);
        }
        fixed (byte* uuid = Encoding.ASCII.GetBytes(info.Uuid + "\0"))
        {
            var code = NvmlNative.DeviceGetHandleByUuid(uuid, out device);
            return code == NvmlReturn.NotFound ? NvmlReturn.GpuNotFound : code;
        }
    }
}
