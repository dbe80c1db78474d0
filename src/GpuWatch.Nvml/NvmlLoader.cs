using System.Reflection;
using System.Runtime.InteropServices;

namespace GpuWatch.Nvml;

/// <summary>
/// Binds the name "nvidia-ml" to a file. A process has one NVML: imports stay bound to the library they first met.
/// </summary>
internal static class NvmlLoader
{
    private static readonly Lock Gate = new();
    private static nint library;
    private static string? loadedFrom;

    static NvmlLoader() => NativeLibrary.SetDllImportResolver(typeof(NvmlLoader).Assembly, Resolve);

    /// <summary>NVIDIA's own name for it on this system.</summary>
    public static string SystemName => OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>Null when the library is there; else why not, in words.</summary>
    /// <param name="path">A file, or null for the system's library.</param>
    public static string? Load(string? path)
    {
        var name = path is not null && File.Exists(path) ? Path.GetFullPath(path) : path ?? SystemName;
        lock (Gate)
        {
            if (loadedFrom == name)
            {
                return null;
            }
            if (Open(path, name, out var handle) is { } why)
            {
                return why;
            }
            if (loadedFrom is not null)
            {
                NativeLibrary.Free(handle);
                return $"this process already reads {loadedFrom} and cannot change to {name}";
            }
            (library, loadedFrom) = (handle, name);
            return null;
        }
    }

    private static string? Open(string? path, string name, out nint handle)
    {
        handle = 0;
        if (path is not null && path.Contains(Path.DirectorySeparatorChar) && !File.Exists(path))
        {
            return $"{name} does not exist";
        }
        if (!NativeLibrary.TryLoad(name, out handle))
        {
            return path is null ? $"{name} is not installed" : $"{name} is no library that this system can load";
        }
        if (!NativeLibrary.TryGetExport(handle, "nvmlInit_v2", out _))
        {
            NativeLibrary.Free(handle);
            return $"{name} is a library, but not NVML: it has no nvmlInit_v2";
        }
        return null;
    }

    /// <summary>Whether the loaded library exports the symbol; asked once per symbol by whoever wants to call it.</summary>
    public static bool Has(string symbol) => library != 0 && NativeLibrary.TryGetExport(library, symbol, out _);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) =>
        name == NvmlNative.Library ? library : 0;
}
