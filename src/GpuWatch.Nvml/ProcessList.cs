using GpuWatch.Core.Units;

namespace GpuWatch.Nvml;

/// <summary>The kinds of clients NVML lists apart.</summary>
internal enum ProcessKind { Compute, Graphics, Mps }

/// <summary>
/// Reads one kind of process list of one device. It prefers the _v2 lists, whose records never changed, then _v3 with the stride
/// found out, then _v1; a version that fails for good is not asked again. One call in steady state: the buffer has room to spare.
/// </summary>
internal sealed unsafe class ProcessList(ProcessKind kind)
{
    private const int RoomyStride = NvmlProcess.StrideDetail;
    private const int Attempts = 4;

    private static readonly int[] Preference = [2, 3, 1];

    private byte[] buffer = new byte[64 * RoomyStride];
    private int choice = FirstFrom(kind, 0);

    /// <summary>False once no version of this list can be read here.</summary>
    public bool IsSupported => choice < Preference.Length;

    /// <summary>Appends what the driver lists to <paramref name="found"/>.</summary>
    /// <returns>Success, or the code that prevented it. A list that is not supported counts as empty.</returns>
    public NvmlReturn Read(NvmlDevice device, Bytes total, ProcessTable found)
    {
        while (IsSupported)
        {
            var code = Fetch(device, out var count);
            if (code == NvmlReturn.Success && count == 0)
            {
                return code;
            }
            if (code == NvmlReturn.Success && StrideOf(count, total) is > 0 and var stride)
            {
                for (var i = 0; i < count; i++)
                {
                    var record = RecordStride.Record(buffer, i, stride);
                    found.Add(record.Pid, record.UsedGpuMemory);
                }
                return code;
            }
            if (code is not (NvmlReturn.Success or NvmlReturn.FunctionNotFound or NvmlReturn.NotSupported or NvmlReturn.ArgumentVersionMismatch))
            {
                return code;
            }
            choice = FirstFrom(kind, choice + 1);
        }
        return NvmlReturn.Success;
    }

    private int StrideOf(int count, Bytes total) =>
        Preference[choice] == 1 ? NvmlProcess.StrideV1 : RecordStride.Find(buffer, count, total);

    /// <summary>Grows the buffer while the list outgrows it; a list that keeps growing is left for the next sweep.</summary>
    private NvmlReturn Fetch(NvmlDevice device, out int count)
    {
        for (var attempt = 1; ; attempt++)
        {
            Array.Fill(buffer, RecordStride.Pattern);
            var room = (uint)(buffer.Length / RoomyStride);
            var wanted = room;
            NvmlReturn code;
            fixed (byte* records = buffer)
            {
                code = Call(device, ref wanted, records);
            }
            count = (int)Math.Min(wanted, room);
            if (code != NvmlReturn.InsufficientSize || attempt == Attempts)
            {
                return code;
            }
            buffer = new byte[(2 * (int)Math.Min(wanted, 1 << 20) + 5) * RoomyStride];
        }
    }

    private NvmlReturn Call(NvmlDevice device, ref uint count, byte* records) => (kind, Preference[choice]) switch
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
