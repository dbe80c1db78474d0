using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>The kinds of clients NVML lists apart.</summary>
internal enum ProcessKind { Compute, Graphics, Mps }

/// <summary>
/// Reads one kind of process list of one device. It prefers the _v2 lists, whose records never changed, then _v3 with the stride
/// found out, then _v1; a version that the driver lacks is not asked again. One call in steady state: the buffer has room to spare.
/// A record that makes no sense costs itself: no process, or a process of unknown memory.
/// </summary>
internal sealed unsafe class ProcessList(ProcessKind kind)
{
    private const int RoomyStride = NvmlProcess.StrideDetail;
    private const int Attempts = 4;

    private static readonly int[] Preference = [2, 3, 1];

    private byte[] buffer = new byte[64 * RoomyStride];
    private int choice = FirstFrom(kind, 0);

    /// <summary>Of the _v3 list's records, once a reading has shown it; 0 before.</summary>
    private int strideOfV3;

    /// <summary>False once no version of this list can be read here.</summary>
    public bool IsSupported => choice < Preference.Length;

    /// <summary>Appends what the driver lists to <paramref name="found"/>.</summary>
    /// <returns>Success, or the code that prevented it. A list that is not supported counts as empty.</returns>
    public NvmlReturn Read(NvmlDevice device, Bytes total, ProcessTable found)
    {
        for (var tried = choice; tried < Preference.Length; tried = FirstFrom(kind, tried + 1))
        {
            var code = Fetch(device, Preference[tried], out var count);
            if (code is NvmlReturn.FunctionNotFound or NvmlReturn.NotSupported or NvmlReturn.ArgumentVersionMismatch)
            {
                choice = tried == choice ? FirstFrom(kind, tried + 1) : choice;
            }
            else if (code != NvmlReturn.Success || count == 0 || StrideOf(Preference[tried], count, total) is > 0 and var stride && Add(count, stride, total, found))
            {
                return code;
            }
        }
        return NvmlReturn.Success;
    }

    /// <summary>0: this reading does not show it, and none did before.</summary>
    private int StrideOf(int version, int count, Bytes total)
    {
        if (version != 3)
        {
            return version == 2 ? NvmlProcess.StrideV2 : NvmlProcess.StrideV1;
        }
        return RecordStride.Find(buffer, count, total) is > 0 and var seen ? strideOfV3 = seen : strideOfV3;
    }

    private bool Add(int count, int stride, Bytes total, ProcessTable found)
    {
        for (var i = 0; i < count; i++)
        {
            var record = RecordStride.Record(buffer, i, stride);
            if (RecordStride.IsProcess(record.Pid))
            {
                found.Add(record.Pid, RecordStride.IsMemory(record.UsedGpuMemory, total) ? record.UsedGpuMemory : ulong.MaxValue);
            }
        }
        return true;
    }

    /// <summary>Grows the buffer while the list outgrows it; a list that keeps growing is left for the next sweep.</summary>
    private NvmlReturn Fetch(NvmlDevice device, int version, out int count)
    {
        for (var attempt = 1; ; attempt++)
        {
            Array.Fill(buffer, RecordStride.Pattern);
            var room = (uint)(buffer.Length / RoomyStride);
            var wanted = room;
            NvmlReturn code;
            fixed (byte* records = buffer)
            {
                code = Call(device, version, ref wanted, records);
            }
            count = (int)Math.Min(wanted, room);
            if (code != NvmlReturn.InsufficientSize || attempt == Attempts)
            {
                return code;
            }
            buffer = new byte[(2 * (int)Math.Min(wanted, 1 << 20) + 5) * RoomyStride];
        }
    }

    private NvmlReturn Call(NvmlDevice device, int version, ref uint count, byte* records) => (kind, version) switch
    {
        (ProcessKind.Compute, 1) => NvmlNative.ComputeProcessesV1(device, ref count, records),
        (ProcessKind.Compute, 2) => NvmlNative.ComputeProcessesV2(device, ref count, records),
        (ProcessKind.Compute, _) => NvmlNative.ComputeProcessesV3(device, ref count, records),
        (ProcessKind.Graphics, 1) => NvmlNative.GraphicsProcessesV1(device, ref count, records),
        (ProcessKind.Graphics, 2) => NvmlNative.GraphicsProcessesV2(device, ref count, records),
        (ProcessKind.Graphics, _) => NvmlNative.GraphicsProcessesV3(device, ref count, records),
        (ProcessKind.Mps, 1) => NvmlNative.MpsProcessesV1(device, ref count, records),
        (ProcessKind.Mps, 2) => NvmlNative.MpsProcessesV2(device, ref count, records),
        _ => NvmlNative.MpsProcessesV3(device, ref count, records),
    };

    private static int FirstFrom(ProcessKind kind, int choice)
    {
        while (choice < Preference.Length && !NvmlLoader.Has(Symbol(kind, Preference[choice])))
        {
            choice++;
        }
        return choice;
    }

    private static string Symbol(ProcessKind kind, int version)
    {
        var name = kind switch { ProcessKind.Compute => "Compute", ProcessKind.Graphics => "Graphics", _ => "MPSCompute" };
        return $"nvmlDeviceGet{name}RunningProcesses{(version == 1 ? "" : $"_v{version}")}";
    }
}
