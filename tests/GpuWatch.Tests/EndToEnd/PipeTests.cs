using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The real program with its output on a real pipe or device of the shell.</summary>
public sealed class PipeTests : IDisposable
{
    private const int Rows = 20_000;

    private readonly TemporaryFolder folder = new();

    [LinuxFact]
    public void A_replay_whose_reader_leaves_ends_quietly() => EndsQuietly($"replay {LongTrace()} --output ndjson");

    [LinuxFact]
    public void A_query_whose_reader_leaves_ends_quietly() => EndsQuietly($"query --store {FullStore()} --since 0 --resolution raw --output csv");

    [LinuxFact]
    public void A_batch_of_estimates_whose_reader_leaves_ends_quietly() =>
        EndsQuietly($"estimate --batch {folder.File("jobs.csv", "id,params_b\n" + string.Concat(Enumerable.Range(0, 2_000).Select(row => $"{row},7\n")))} --output ndjson");

    [LinuxFact]
    public void An_agent_whose_reader_leaves_ends() =>
        EndsQuietly($"agent --nvml {NvmlSim.Path} --listen none --store none --output ndjson 2>/dev/null", "GPUWATCH_SIM_SPEED=100");

    [LinuxFact]
    public void A_device_that_takes_no_more_is_one_line_and_exit_code_1()
    {
        var (code, output) = Tool.Run("sh", ["-c", $"{RunningAgent.Program} replay {LongTrace()} --output ndjson > /dev/full"]);

        Assert.Equal(1, code);
        Assert.StartsWith("gpuwatch: No space left on device", Assert.Single(output.TrimEnd('\n').Split('\n')));
    }

    public void Dispose() => folder.Dispose();

    /// <summary>`head` takes one line of far more than a pipe holds.</summary>
    private static void EndsQuietly(string command, string environment = "")
    {
        var (_, output) = Tool.Run("timeout", ["60", "sh", "-c", $"{{ {environment} {RunningAgent.Program} {command}; echo \"ended with $?\" >&2; }} | head -n 1"]);

        var lines = output.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        // As of a program that SIGPIPE ends; or it had written all before.
        Assert.Contains(lines[1], (string[])["ended with 0", "ended with 141"]);
    }

    private string LongTrace() => folder.File(
        "trace.csv",
        "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n"
        + string.Concat(Enumerable.Range(0, Rows).Select(second => $"{second},0,7,20,60,100,,\n")));

    private string FullStore()
    {
        var store = folder.File("gpuwatch.db");
        using var writer = new StoreWriter(store, mostPages: 10_000);
        var batch = new StoreBatch { LatestSeconds = Rows };
        batch.Gpus.AddRange(Enumerable.Range(0, Rows).Select(second => new GpuPoint(second, 0, 10, 100, null, null)));
        writer.Write(batch, nowSeconds: 1e12);
        return store;
    }
}
