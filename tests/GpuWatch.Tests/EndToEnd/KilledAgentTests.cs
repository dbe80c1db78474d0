using System.Diagnostics;
using System.Globalization;
using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>The real program on the simulated node, killed as the kernel kills: without a word.</summary>
public sealed class KilledAgentTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Store => folder.File("gpuwatch.db");

    [Fact]
    public void A_store_whose_agent_was_killed_is_whole_and_holds_what_was_committed_and_the_next_agent_goes_on()
    {
        var committed = KilledInTheMiddle();

        Assert.Equal("ok", Single("PRAGMA integrity_check"));
        var kept = Count();
        Assert.True(kept >= committed, $"{committed} rows were there before the kill, {kept} after");

        var second = KilledInTheMiddle();
        Assert.True(second > kept);
    }

    public void Dispose() => folder.Dispose();

    /// <returns>Rows that a reader saw while the agent lived.</returns>
    private long KilledInTheMiddle()
    {
        var before = File.Exists(Store) ? Count() : 0;
        using var agent = Start();
        var committed = before;
        while (committed <= before + 20)
        {
            // Each line is some tenths of a second of the agent's life; it is never waited for longer than it talks.
            Assert.NotNull(agent.StandardOutput.ReadLine());
            committed = File.Exists(Store) ? Count() : before;
        }
        agent.Kill();
        agent.WaitForExit();
        return committed;
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "gpuwatch"),
            ["agent", "--nvml", NvmlSim.Path, "--listen", "none", "--store", Store, "--for", "60s", "--output", "ndjson"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GPUWATCH_STORE__FLUSH_EVERY"] = "100ms";
        start.Environment["GPUWATCH_SIM_SPEED"] = "20";
        return Process.Start(start)!;
    }

    private long Count() => long.Parse(
        Single("SELECT CASE (SELECT count(*) FROM sqlite_master WHERE name = 'run') WHEN 0 THEN 0 ELSE -1 END") is "0"
            ? "0"
            : Single("SELECT (SELECT count(*) FROM gpu_sample) + (SELECT count(*) FROM process_sample)"),
        CultureInfo.InvariantCulture);

    private string Single(string sql)
    {
        using var connection = StoreFile.OpenToWrite(Store);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture)!;
    }
}
