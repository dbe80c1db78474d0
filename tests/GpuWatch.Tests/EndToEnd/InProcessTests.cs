using System.Text.Json;
using GpuWatch.InProcess;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>A real Python process with a scripted torch, the real agent, and a simulated driver whose scene names that process.</summary>
public sealed class InProcessTests
{
    private const int Speed = 10;

    /// <summary>
    /// Steps of 1.3 s that leave 40 MiB each in a cache which PyTorch filled at once: the driver sees nothing. The play begins when
    /// the agent watches, and goes as fast as the simulator's.
    /// </summary>
    private const string Leak = """
        import gpuwatch_torch, time, torch
        MiB, GiB = 1 << 20, 1 << 30
        input()
        began = time.monotonic()

        def told(index):
            t = (time.monotonic() - began) * 10
            if t < 6:
                weights = int(3 * GiB * max(0, t - 2) / 4) // (20 * MiB) * 20 * MiB
                return weights, weights
            if t < 8:
                return 3 * GiB + int(2 * GiB * (t - 6)), 11 * GiB
            step, share = divmod((t - 8) / 1.3, 1)
            return 5 * GiB + int(step) * 40 * MiB + int(6 * GiB * min(share, 1 - share)), 11 * GiB

        torch.cuda.told = told
        torch.cuda.devices = 1
        torch.cuda.initialized = True
        input()
        """;

    [ToolTheory("python3")]
    [InlineData("yes", true)]
    [InlineData("no", false)]
    public async Task A_leak_inside_the_cache_is_told_by_live_bytes_and_by_nothing_else(string inProcess, bool isTold)
    {
        using var folder = new TemporaryFolder();
        using var python = PythonProgram.Importing(Leak);
        var scene = folder.File("scene.scn", $"""
            gpu 0 total=16GiB
            job {python.Pid} gpu=0 start=0 name="python train.py"
              at 0 500MiB
              at 2 500MiB
              ramp 6 3572MiB
              at 6.1 11764MiB
            end 100
            """);
        var recording = folder.File("run.csv");
        using var agent = RunningAgent.Start(scene, Speed, ["record", recording, "--nvml", NvmlSim.Path, "--output", "ndjson", "--for", "10s", "--config", folder.File("c.yaml", $"sampling:\n  in_process: {inProcess}\n")]);
        Assert.NotNull(await agent.ReadLineAsync());

        python.GoOn();
        agent.End();

        var events = agent.Output.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(isTold, events.Exists(happened => happened.GetProperty("event").GetString() == "alert" && happened.GetProperty("kind").GetString() == "leak"));
        Assert.Equal(isTold, File.ReadLines(recording).Any(row => row.Contains(",11811160064", StringComparison.Ordinal)));
    }

    /// <summary>Its own start-up file runs first, and its end is its own.</summary>
    [ToolFact("python3")]
    public void Run_in_process_brings_it_in_beside_what_is_there_and_passes_the_exit_code_through()
    {
        using var folder = new TemporaryFolder();
        folder.File("sitecustomize.py", "import sys\nprint('mine first:', 'gpuwatch_torch' not in sys.modules, flush=True)\n");
        const string script = "import sys, sitecustomize; print('gpuwatch_torch' in sys.modules, sitecustomize.__file__); sys.exit(7)";
        using var run = RunningAgent.Start(folder.File("scene.scn", "gpu 0 total=16GiB\n"), 1,
            ["run", "--in-process", "--nvml", NvmlSim.Path, "--", "sh", "-c", $"PYTHONPATH=$PYTHONPATH:{folder.Path} exec python3 -c \"{script}\""]);

        var (code, output, _) = run.End();

        Assert.Equal((7, $"mine first: True\nTrue {folder.File("sitecustomize.py")}\n"), (code, output));
    }

    [ToolFact("python3")]
    public async Task A_start_up_file_that_fails_fails_as_ever_and_ours_still_runs()
    {
        using var folder = new TemporaryFolder();
        folder.File("sitecustomize.py", "raise RuntimeError('theirs')\n");
        using var python = new PythonProgram("import sys; print('gpuwatch_torch' in sys.modules)", [PythonFolder.Path, folder.Path]);

        Assert.Equal("True", await python.ReadLineAsync());
        var (code, errors) = await python.EndAsync();

        Assert.Equal(0, code);
        Assert.Contains("RuntimeError: theirs", errors);
    }
}
