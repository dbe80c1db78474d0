using System.Globalization;
using System.Runtime.InteropServices;
using GpuWatch.Sampling;
using Microsoft.Win32.SafeHandles;

namespace GpuWatch.Notify;

/// <summary>
/// Sends a signal to one process and to no other: it is held by a pidfd (Linux 5.3), then checked to be the one that was meant
/// (start time, owner), then signalled through the pidfd. Its number cannot pass to another in between.
/// </summary>
internal static class ProcessSignal
{
    private const long PidfdSendSignal = 424;
    private const long PidfdOpen = 434;
    private const int NotPermitted = 1, NoSuchProcess = 3, NoSuchSystemCall = 38;

    /// <param name="startTicks">Start time of the process that is meant, in clock ticks since boot.</param>
    /// <param name="users">Who it may belong to.</param>
    /// <returns>Null when sent, or why not.</returns>
    public static string? Send(int pid, long startTicks, IReadOnlyCollection<string> users, int signal)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "signals are sent on Linux only";
        }
        var number = (int)syscall(PidfdOpen, pid, 0, 0, 0);
        // Old kernels lack the call, and old filters of system calls forbid what they do not know.
        if (number < 0 && Marshal.GetLastPInvokeError() is var why and not (NoSuchSystemCall or NotPermitted))
        {
            return Text(pid, why == NoSuchProcess ? "is gone" : Marshal.GetPInvokeErrorMessage(why));
        }
        using var held = number < 0 ? null : new SafeFileHandle(number, ownsHandle: true);
        if (WhyNot(pid, startTicks, users) is { } refusal)
        {
            return refusal;
        }
        var failed = held is null ? kill(pid, signal) : (int)syscall(PidfdSendSignal, number, signal, 0, 0);
        return failed == 0 ? null : Text(pid, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    private static string? WhyNot(int pid, long startTicks, IReadOnlyCollection<string> users) => new ProcFs().Read(pid) switch
    {
        null => Text(pid, "is gone"),
        var facts when facts.StartTicks != startTicks => Text(pid, "is another process by now"),
        var facts when facts.User is null || !users.Contains(facts.User) => Text(pid, "belongs to none of the users that are allowed"),
        _ => null,
    };

    private static string Text(int pid, string what) => string.Create(CultureInfo.InvariantCulture, $"process {pid} {what}");

    [DllImport("libc", SetLastError = true)]
    private static extern long syscall(long number, long first, long second, long third, long fourth);

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
