using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuWatch.Nvml;

/// <summary>What became of the reading of a <see cref="ForeignFile"/>: its length, or why it is not trusted; neither: it is not there.</summary>
public readonly record struct ForeignRead(int? Length, string? Refusal);

/// <summary>
/// Reads a small file that another user may have put there to harm the reader. No link is followed, in no part of the path; nothing but
/// a regular file of its due owner is opened (a pipe would wait for its writer, and some devices act when they are opened): it is looked
/// at by a handle that opens nothing (O_PATH), and what was looked at is what is read. Linux only.
/// </summary>
public static partial class ForeignFile
{
    private const string Library = "libc";
    private const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000;
    private const int AtCurrent = -100, EmptyPath = 0x1000;
    private const uint TypeModeUserSize = 0x1 | 0x2 | 0x8 | 0x200;
    private const int TypeMask = 0xF000, RegularFile = 0x8000;

    /// <summary>Two flags that processors number differently.</summary>
    private static readonly (int Directory, int NoFollow) Flags =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? (0x4000, 0x8000) : (0x10000, 0x20000);

    /// <param name="root">Where the path begins, "/" or "/proc/PID/root": followed, since it is ours or the kernel's.</param>
    /// <param name="folders">The way from there.</param>
    /// <param name="owner">The uid that alone is trusted to have written it.</param>
    /// <param name="into">Takes what it holds; a longer file is refused.</param>
    public static ForeignRead Read(string root, ReadOnlySpan<string> folders, string name, uint owner, Span<byte> into)
    {
        var at = Open(AtCurrent, root, PathOnly | Flags.Directory);
        try
        {
            foreach (var folder in folders)
            {
                var next = at.IsInvalid ? at : Open((int)at.DangerousGetHandle(), folder, PathOnly | Flags.Directory | Flags.NoFollow);
                if (next != at)
                {
                    at.Dispose();
                    at = next;
                }
            }
            if (at.IsInvalid)
            {
                return default;
            }
            using var seen = Open((int)at.DangerousGetHandle(), name, PathOnly | Flags.NoFollow);
            return seen.IsInvalid ? default : Look(seen, owner, into.Length) is { } refusal ? new(null, refusal) : Take(seen, into);
        }
        finally
        {
            at.Dispose();
        }
    }

    /// <summary>Whether a folder can be entered: not so for other users' processes without CAP_SYS_PTRACE.</summary>
    public static bool CanEnter(string folder)
    {
        using var there = Open(AtCurrent, folder, PathOnly | Flags.Directory);
        return !there.IsInvalid;
    }

    private static string? Look(SafeFileHandle seen, uint owner, int most)
    {
        if (Stat((int)seen.DangerousGetHandle(), "", EmptyPath, TypeModeUserSize, out var file) != 0)
        {
            return "it cannot be looked at";
        }
        return (file.Mode & TypeMask) != RegularFile ? "it is no regular file"
            : file.User != owner ? "it is not its owner's"
            : file.Size > (ulong)most ? "it is too large"
            : null;
    }

    private static ForeignRead Take(SafeFileHandle seen, Span<byte> into)
    {
        using var file = Open(AtCurrent, $"/proc/self/fd/{seen.DangerousGetHandle()}", ReadOnly | NonBlocking);
        if (file.IsInvalid)
        {
            return new(null, "it may not be read");
        }
        try
        {
            var length = 0;
            for (int read; length < into.Length && (read = RandomAccess.Read(file, into[length..], length)) > 0;)
            {
                length += read;
            }
            return new(length, null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new(null, "it cannot be read");
        }
    }

    private static SafeFileHandle Open(int folder, string path, int flags) => new(OpenAt(folder, path, flags | CloseOnExec, 0), ownsHandle: true);

    [LibraryImport(Library, EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string path, int flags, int mode);

    /// <summary>Unlike stat its record is the same on all processors.</summary>
    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int folder, string path, int flags, uint mask, out FileStatus status);

    /// <summary>struct statx, as far as it is asked for.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(20)]
        public uint User;
        [FieldOffset(28)]
        public ushort Mode;
        [FieldOffset(40)]
        public ulong Size;
    }
}
