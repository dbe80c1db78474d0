using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

/// <summary>What the agent is told once holds for the commands beside it.</summary>
public sealed class OneConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("once")]
    [InlineData("record", "never.csv")]
    public void The_library_is_that_of_the_settings_and_a_flag_wins(params string[] command)
    {
        var config = folder.File("gpuwatch.yaml", "nvml:\n  path: /nowhere/set.so\n");

        Assert.StartsWith("gpuwatch: /nowhere/set.so: ", Mistake([.. command, "--config", config]));
        Assert.StartsWith("gpuwatch: /nowhere/flag.so: ", Mistake([.. command, "--config", config, "--nvml", "/nowhere/flag.so"]));
        Assert.False(File.Exists("never.csv"));
    }

    [Fact]
    public void The_users_own_file_and_the_environment_hold_for_once_too()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "gpuwatch"));
        folder.File("gpuwatch/config.yaml", "nvml:\n  path: /nowhere/own.so\n");
        var environment = new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = folder.Path };
        Assert.StartsWith("gpuwatch: /nowhere/own.so: ", Gpuwatch.RunIn(environment, "once").Error);

        environment["GPUWATCH_NVML__PATH"] = "/nowhere/variable.so";
        Assert.StartsWith("gpuwatch: /nowhere/variable.so: ", Gpuwatch.RunIn(environment, "once").Error);
    }

    [Fact]
    public void Query_and_calibrate_read_the_store_that_the_agent_writes()
    {
        var store = folder.File("elsewhere.db");
        using (var writer = new StoreWriter(store, mostPages: 10_000))
        {
            var batch = new StoreBatch { LatestSeconds = 1000 };
            batch.Gpus.Add(new GpuPoint(1000.5, 0, 10, 100, 3, null));
            writer.Write(batch, nowSeconds: 1e12);
        }
        var config = folder.File("gpuwatch.yaml", $"store:\n  path: {store}\n");

        var (_, output, _) = Gpuwatch.Run("query", "--config", config, "--since", "0", "--resolution", "raw", "--output", "csv");
        Assert.Contains("1000.5,0,10,100,3,", output);
        Assert.StartsWith($"gpuwatch: {store}: no declared run", Mistake("calibrate", "--runs", "store", "--config", config, "--out", folder.File("p.json")));
    }

    [Fact]
    public void A_store_that_the_settings_switch_off_cannot_be_queried()
    {
        var config = folder.File("gpuwatch.yaml", "store: { path: none }\n");
        Assert.Equal($"gpuwatch: {config}:1: 'store.path' is none; a database is expected; --store FILE names another\n", Mistake("query", "--config", config));
    }

    [Fact]
    public void A_command_that_needs_one_section_minds_the_mistakes_of_that_one_only()
    {
        var config = folder.File("gpuwatch.yaml", "http: { token_file: /root/only }\nnvml: { pth: x }\n");
        Assert.StartsWith($"gpuwatch: {config}:2: unknown setting 'nvml.pth'; ", Mistake("once", "--config", config));
        config = folder.File("gpuwatch.yaml", "http: { token_file: /root/only }\nnvml: { path: /nowhere.so }\n");
        Assert.StartsWith("gpuwatch: /nowhere.so: ", Mistake("once", "--config", config));
    }

    [Fact]
    public void A_job_of_the_settings_is_that_of_the_flag()
    {
        var config = folder.File("gpuwatch.yaml", "estimate: { job: /nowhere/job.yaml }\n");
        Assert.StartsWith("gpuwatch: /nowhere/job.yaml: ", Mistake("agent", "--config", config, "--listen", "none", "--store", "none", "--for", "1s"));
    }

    private static string Mistake(params string[] arguments)
    {
        var (code, _, error) = Gpuwatch.Run(arguments);
        Assert.Equal(2, code);
        return error;
    }
}
