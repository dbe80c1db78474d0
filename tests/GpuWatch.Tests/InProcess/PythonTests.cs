using GpuWatch.Core.Units;
using GpuWatch.InProcess;
using GpuWatch.Nvml;
using GpuWatch.Tests.Support;
using InProcessTold = GpuWatch.InProcess.Told;

namespace GpuWatch.Tests.InProcess;

/// <summary>The real Python side with a scripted torch, read as the agent reads it.</summary>
public sealed class PythonTests
{
    /// <summary>Initialises when told so, and ends when told so.</summary>
    private const string Script = """
        import gpuwatch_torch, os, sys
        assert "torch" not in sys.modules
        import torch
        input()
        torch.cuda.told = lambda index: (3 << 30, 7 << 30) if index == 1 else (0, 0)
        torch.cuda.uuid = "aa-bb"
        torch.cuda.initialized = True
        input()
        print(torch.cuda.violations)
        """;

    private readonly TellerFile file = new();

    [ToolFact("python3")]
    public async Task It_tells_once_the_program_has_initialised_cuda_touches_nothing_else_and_leaves_nothing()
    {
        using var python = PythonProgram.Importing(Script);
        var path = PathOf(python.Pid);

        python.GoOn();
        var told = await ToldAsync(python.Pid);

        Assert.Equal(new ToldDevice("aa-bb", null, Bytes.FromGiB(3), Bytes.FromGiB(7)), Assert.Single(told.Devices));
        Assert.Equal(50_000_000, told.PeriodNanoseconds);
        Assert.Equal("644", Tool.Run("stat", ["-c", "%a", path]).Output.Trim());
        python.GoOn();
        Assert.Equal("[]", await python.ReadLineAsync());
        Assert.Equal((0, ""), await python.EndAsync());
        Assert.False(File.Exists(path));
    }

    [ToolFact("python3")]
    public async Task A_forked_child_tells_of_itself_under_its_own_name()
    {
        using var python = PythonProgram.Importing("""
            import gpuwatch_torch, os, torch
            torch.cuda.told = lambda index: (1 << 30, 2 << 30)
            torch.cuda.initialized = True
            child = os.fork()
            if child == 0:
                torch.cuda.told = lambda index: (3 << 30, 4 << 30)
                os.read(0, 1)
                raise SystemExit(0)
            print(child)
            os.waitpid(child, 0)
            os.read(0, 1)
            """);
        var child = int.Parse((await python.ReadLineAsync())!, null);

        Assert.Equal(Bytes.FromGiB(3), (await ToldAsync(child)).Devices[0].Allocated);
        Assert.Equal(Bytes.FromGiB(1), (await ToldAsync(python.Pid)).Devices[0].Allocated);
        python.GoOn();
        python.GoOn();
        Assert.Equal((0, ""), await python.EndAsync());
    }

    [ToolFact("python3")]
    public async Task What_a_killed_process_left_is_nobody_elses_and_is_swept_by_a_later_one()
    {
        using var python = PythonProgram.Importing(Script);
        var path = PathOf(python.Pid);
        python.GoOn();
        await ToldAsync(python.Pid);

        python.Kill();

        Assert.Equal(default, file.Look(python.Pid, null));
        Assert.True(File.Exists(path));
        File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(path).AddHours(-2));

        using var next = PythonProgram.Importing(Script);

        await Eventually.HoldsAsync(() => !File.Exists(path), 30, "swept");
    }

    /// <summary>The number has passed to a process with another start time.</summary>
    [LinuxFact]
    public void The_file_of_an_earlier_process_of_that_number_is_not_read()
    {
        var ticks = ProcStat.StartTicks(Environment.ProcessId)!.Value;
        var left = $"/dev/shm/gpuwatch-{Environment.ProcessId}-{ticks - 1}.json";
        File.WriteAllText(left, "garbage");
        try
        {
            var look = file.Look(Environment.ProcessId, null);

            Assert.Equal((ticks, null, null), (look.Name!.StartTicks, look.Told, look.Refusal));
        }
        finally
        {
            File.Delete(left);
        }
    }

    [RootFact]
    public async Task A_process_in_a_container_is_read_there()
    {
        using var python = new PythonProgram(
            Script, [PythonFolder.Path], ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", "mount -t tmpfs tmpfs /dev/shm && exec \"$@\"", "sh"]);
        var inner = 0;
        await Eventually.HoldsAsync(() => int.TryParse(File.ReadAllText($"/proc/{python.Pid}/task/{python.Pid}/children"), out inner), 30, "a child");

        python.GoOn();
        await ToldAsync(inner);

        Assert.Equal(1, file.Look(inner, null).Name!.InnerPid);
        Assert.False(File.Exists(PathOf(inner)));
    }

    [ToolTheory("python3")]
    [InlineData("soon", "import gpuwatch_torch")]
    [InlineData("1e9", "import gpuwatch_torch")]
    [InlineData("0.05", "import gpuwatch_torch, time, torch\nasked = []\ndef told(index):\n    asked.append(index)\n    raise RuntimeError('a\\nb')\ntorch.cuda.told = told\ntorch.cuda.initialized = True\nwhile len(asked) < 2: time.sleep(0.01)")]
    public async Task Whatever_goes_wrong_costs_one_line_and_never_the_program(string period, string script)
    {
        using var python = PythonProgram.Importing(script, period);

        var (code, errors) = await python.EndAsync();

        Assert.Equal(0, code);
        Assert.StartsWith("gpuwatch_torch: live bytes cannot be told: ", Assert.Single(errors.TrimEnd('\n').Split('\n')));
    }

    [ToolFact("python3")]
    public void It_is_python_3_8() => Assert.Equal((0, ""), Tool.Run("python3",
        ["-c", "import ast, glob, sys\nfor path in glob.glob(sys.argv[1] + '/*.py'): ast.parse(open(path).read(), feature_version=(3, 8))", PythonFolder.Path]));

    private async Task<InProcessTold> ToldAsync(int pid)
    {
        InProcessTold? told = null;
        await Eventually.HoldsAsync(() => (told = file.Look(pid, null).Told) is not null, 30, "told");
        return told!;
    }

    private static string PathOf(int pid) => $"/dev/shm/gpuwatch-{ProcStatus.Read(pid)!.Value.InnerPid}-{ProcStat.StartTicks(pid)}.json";
}
