using System.Diagnostics;

namespace GpuWatch.Tests.Support;

/// <summary>A program of the machine that a test runs: found on PATH, or the test is skipped with its reason.</summary>
internal static class Tool
{
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>Runs it to its end and returns its exit code with everything it printed.</summary>
    public static (int Code, string Output) Run(string name, IEnumerable<string> arguments, string? folder = null, string? input = null)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? Repository.Folder,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var feed = Task.Run(() =>
        {
            process.StandardInput.Write(input ?? "");
            process.StandardInput.Close();
        });
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        feed.Wait();
        return (process.ExitCode, output + error.Result);
    }
}

/// <summary>A test that needs programs which a machine may lack.</summary>
internal sealed class ToolFactAttribute : FactAttribute
{
    public ToolFactAttribute(params string[] names)
    {
        if (names.FirstOrDefault(name => Tool.Find(name) is null) is { } missing)
        {
            Skip = $"{missing} is not installed.";
        }
    }
}

/// <summary>The same for a test with several cases.</summary>
internal sealed class ToolTheoryAttribute : TheoryAttribute
{
    public ToolTheoryAttribute(params string[] names) => Skip = new ToolFactAttribute(names).Skip;
}

/// <summary>A test that fills a disk of its own: only root can mount one, and not everywhere.</summary>
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> CanMount = new(() =>
    {
        using var folder = new TemporaryFolder();
        return SmallDisk.Mount(folder.Path, 64) && SmallDisk.Unmount(folder.Path);
    });

    public SmallDiskFactAttribute()
    {
        if (!CanMount.Value)
        {
            Skip = "A small file system cannot be mounted here.";
        }
    }
}

/// <summary>A memory file system of some KiB.</summary>
internal static class SmallDisk
{
    public static bool Mount(string folder, int kibibytes) =>
        Tool.Find("mount") is not null && Tool.Run("mount", ["-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", folder]).Code == 0;

    public static bool Unmount(string folder) => Tool.Run("umount", [folder]).Code == 0;
}

/// <summary>A test of what only Linux has.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "This is not Linux.";
        }
    }
}

/// <summary>A test that becomes another user.</summary>
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || Tool.Find("setpriv") is null)
        {
            Skip = "Only root can start a process as another user.";
        }
    }
}
