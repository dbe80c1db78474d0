using System.Runtime.InteropServices;

namespace GpuWatch.Nvml;

/// <summary>One successful nvmlInit; closing it gives it back. It has no native value, so the handle only counts.</summary>
internal sealed class NvmlSession : SafeHandle
{
    private NvmlSession() : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    public static NvmlReturn Open(out NvmlSession session)
    {
        session = new NvmlSession();
        var code = NvmlNative.Init();
        if (code == NvmlReturn.Success)
        {
            session.SetHandle(1);
        }
        return code;
    }

    protected override bool ReleaseHandle() => NvmlNative.Shutdown() == NvmlReturn.Success;
}
