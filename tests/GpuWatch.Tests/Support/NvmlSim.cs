using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuWatch.Core.Sample;
using GpuWatch.Nvml;

namespace GpuWatch.Tests.Support;

/// <summary>Tests that share the one simulated library of this process; they run one after another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NvmlCollection
{
    public const string Name = "nvml";
}

/// <summary>
/// The simulated NVML, loaded once, on the real P/Invoke path. A test gives it a scene as text and moves its clock by hand.
/// </summary>
internal static partial class NvmlSim
{
    private const string Library = "nvmlsim";

    [ModuleInitializer]
    internal static void Bind() => NativeLibrary.SetDllImportResolver(
        typeof(NvmlSim).Assembly, (name, _, _) => name == Library ? NativeLibrary.Load(Path) : 0);

    public static string Path { get; } = Repository.PathOf("artifacts", "native", "libnvidia-ml.so.1");

    /// <summary>Opens the agent's own source on a scene that stands still at its beginning.</summary>
    public static NvmlGpuSource Open(string scene)
    {
        var opening = TryOpen(scene);
        return Assert.IsType<NvmlGpuSource>(opening.Source);
    }

    public static GpuOpening TryOpen(string scene)
    {
        Assert.Equal(0, Load(scene));
        return NvmlGpuSource.Open(Path);
    }

    public static GpuFrame Frame(this IGpuSource source, int gpu = 0, double at = 0)
    {
        SetTime(at);
        var outcome = source.Read(gpu, at, withProcesses: true);
        Assert.Null(outcome.Fault);
        return outcome.Frame!;
    }

    public static Fault Fault(this IGpuSource source, int gpu = 0, double at = 0)
    {
        SetTime(at);
        var outcome = source.Read(gpu, at, withProcesses: true);
        Assert.Null(outcome.Frame);
        return outcome.Fault!;
    }

    [LibraryImport(Library, EntryPoint = "nvmlsim_load_text", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Load(string scene);

    [LibraryImport(Library, EntryPoint = "nvmlsim_load", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LoadFile(string path);

    /// <summary>What was wrong with the last scene that could not be loaded.</summary>
    public static string Complaint => Marshal.PtrToStringUTF8(Error()) ?? "";

    [LibraryImport(Library, EntryPoint = "nvmlsim_error")]
    private static partial nint Error();

    [LibraryImport(Library, EntryPoint = "nvmlsim_set_time")]
    public static partial void SetTime(double seconds);

    [LibraryImport(Library, EntryPoint = "nvmlsim_time_s")]
    public static partial double TimeSeconds();

    /// <summary>Calls since the scene was loaded; of all functions for null.</summary>
    [LibraryImport(Library, EntryPoint = "nvmlsim_calls", StringMarshalling = StringMarshalling.Utf8)]
    public static partial ulong Calls(string? function = null);

    [LibraryImport(Library, EntryPoint = "nvmlsim_sizeof", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint SizeOf(string type);

    [LibraryImport(Library, EntryPoint = "nvmlsim_offsetof", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OffsetOf(string type, string field);
}
