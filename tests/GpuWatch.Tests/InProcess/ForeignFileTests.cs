using System.Runtime.InteropServices;
using GpuWatch.Nvml;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.InProcess;

/// <summary>Any user can put anything where the agent, which may be root, looks.</summary>
public sealed partial class ForeignFileTests : IDisposable
{
    private static readonly uint Me = ProcStatus.Read(Environment.ProcessId)!.Value.User;

    private readonly TemporaryFolder root = new();

    public ForeignFileTests() => Directory.CreateDirectory(root.File("shm"));

    [LinuxFact]
    public void A_regular_file_of_its_owner_is_read()
    {
        root.File("shm/a.json", "content");

        Assert.Equal((7, (string?)null), Read(out var text));
        Assert.Equal("content", text);
    }

    [LinuxFact]
    public void One_that_is_not_there_is_no_fault() => Assert.Equal((null, null), Read(out _));

    [LinuxFact]
    public void A_link_is_not_followed()
    {
        File.CreateSymbolicLink(root.File("shm/a.json"), root.File("secret", "secret"));

        Assert.Equal((null, "it is no regular file"), Read(out _));
    }

    [LinuxFact]
    public void A_link_on_the_way_is_not_followed()
    {
        Directory.CreateDirectory(root.File("elsewhere"));
        root.File("elsewhere/a.json", "content");
        Directory.Delete(root.File("shm"));
        File.CreateSymbolicLink(root.File("shm"), root.File("elsewhere"));

        Assert.Equal((null, null), Read(out _));
    }

    /// <summary>Opening it would wait for a writer for ever.</summary>
    [LinuxFact]
    public void A_pipe_is_not_opened()
    {
        Assert.Equal(0, MakePipe(root.File("shm/a.json"), 0x1A4));

        Assert.Equal((null, "it is no regular file"), Read(out _));
    }

    [LinuxFact]
    public void A_folder_is_no_file()
    {
        Directory.CreateDirectory(root.File("shm/a.json"));

        Assert.Equal((null, "it is no regular file"), Read(out _));
    }

    [LinuxFact]
    public void A_file_of_somebody_else_is_refused()
    {
        root.File("shm/a.json", "content");

        Assert.Equal((null, "it is not its owner's"), Read(out _, owner: Me + 1));
    }

    [LinuxFact]
    public void What_is_too_large_is_not_read()
    {
        root.File("shm/a.json", new string('x', 65));

        Assert.Equal((null, "it is too large"), Read(out _));
    }

    public void Dispose() => root.Dispose();

    private (int?, string?) Read(out string text, uint? owner = null)
    {
        var buffer = new byte[64];
        var read = ForeignFile.Read(root.Path, ["shm"], "a.json", owner ?? Me, buffer);
        text = System.Text.Encoding.UTF8.GetString(buffer, 0, read.Length ?? 0);
        return (read.Length, read.Refusal);
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
