using System.Text.Json;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;
using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class QueryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public QueryTests()
    {
        using var writer = new StoreWriter(Store, mostPages: 10_000);
        var batch = new StoreBatch { LatestSeconds = 1000 };
        batch.Gpus.Add(new GpuPoint(1000.5, 0, 10, 100, 3, null));
        batch.Gpus.Add(new GpuPoint(1001, 1, 20, 100, null, 80));
        batch.Processes.Add(new ProcessPoint(1000.5, 0, 7, null, null, null));
        batch.Processes.Add(new ProcessPoint(1000.5, 0, 8, 5, 4, 3));
        batch.Identities.Add(new IdentityPoint(1000.5, 8, 70, "python", "anna", "777", "c0ffee", null));
        batch.Identities.Add(new IdentityPoint(1002, 8, 71, "another", null, null, null, null));
        batch.Rollups.Add(new RollupPoint(60, 960, 0, null, 1, 2.6, 9, 60));
        batch.Rollups.Add(new RollupPoint(60, 960, 0, 8, 1, 2, 3, 60));
        batch.Events.Add(new EventPoint(1000, 0, 8, "{\"t\":1000,\"event\":\"phase\",\"gpu\":0,\"pid\":8,\"phase\":\"loading\"}"));
        batch.Runs.Add(new RunPoint(900, true, new Job { Method = "lora" },
            new Reconciled(1000, 0, 8, new Bytes(9), null, null, null, new Bridge(new Bytes(9), null, null, new Bytes(9)), null), "{}"));
        writer.Write(batch, nowSeconds: 1e12);
    }

    private string Store => folder.File("gpuwatch.db");

    [Fact]
    public void Csv_leaves_empty_what_is_unknown() =>
        Assert.Equal(
            "t,gpu,used_bytes,total_bytes,reserved_bytes,free_bytes\n1000.5,0,10,100,3,\n1001,1,20,100,,80\n",
            Query("--series", "gpu", "--output", "csv"));

    [Fact]
    public void Json_says_null_for_what_is_unknown()
    {
        var rows = JsonDocument.Parse(Query("--series", "process", "--output", "json")).RootElement;

        Assert.Equal([JsonValueKind.Null, JsonValueKind.Number], rows.EnumerateArray().Select(row => row.GetProperty("used_bytes").ValueKind));
        Assert.Equal("[]\n", Query("--series", "process", "--pid", "99", "--output", "json"));
    }

    [Fact]
    public void Roll_ups_give_least_mean_and_most() =>
        Assert.Equal(
            "t,gpu,used_min_bytes,used_mean_bytes,used_max_bytes,samples\n960,0,1,3,9,60\n",
            Query("--series", "gpu", "--resolution", "1m", "--output", "csv"));

    [Fact]
    public void A_process_is_told_by_the_name_it_had_then() =>
        Assert.Equal(
            "t,gpu,pid,name,user,slurm_job,container,pod,used_bytes,torch_allocated_bytes,torch_reserved_bytes\n1000.5,0,7,,,,,,,,\n1000.5,0,8,python,anna,777,c0ffee,,5,4,3\n",
            Query("--series", "process", "--output", "csv"));

    [Fact]
    public void A_roll_up_of_a_process_bears_its_name_too() =>
        Assert.Equal(
            "t,gpu,pid,name,user,slurm_job,container,pod,used_min_bytes,used_mean_bytes,used_max_bytes,samples\n960,0,8,another,,,,,1,2,3,60\n",
            Query("--series", "process", "--resolution", "1m", "--output", "csv"));

    [Fact]
    public void Events_come_out_as_they_were_printed() =>
        Assert.Equal("{\"t\":1000,\"event\":\"phase\",\"gpu\":0,\"pid\":8,\"phase\":\"loading\"}\n", Query("--series", "events", "--output", "ndjson"));

    [Fact]
    public void Runs_come_with_their_job_as_an_object()
    {
        var run = JsonDocument.Parse(Query("--series", "runs", "--output", "ndjson")).RootElement;

        Assert.True(run.GetProperty("exited").GetBoolean());
        Assert.Equal(("lora", 9), (run.GetProperty("job").GetProperty("method").GetString(), run.GetProperty("observed_peak_bytes").GetInt32()));
    }

    [Theory]
    [InlineData(1, "--gpu", "1")]
    [InlineData(0, "--gpu", "5")]
    [InlineData(1, "--since", "1001")]
    [InlineData(1, "--until", "1970-01-01T00:16:41Z")]
    [InlineData(0, "--since", "1m")]
    public void Rows_are_chosen_by_gpu_and_time(int rows, string option, string value) =>
        Assert.Equal(rows + 1, Query("--series", "gpu", "--output", "csv", option, value).Count(letter => letter == '\n'));

    [Theory]
    [InlineData("--since", "yesterday", "\"yesterday\" is no time; expected one such as 1h")]
    [InlineData("--store", "/nowhere/gpuwatch.db", "/nowhere/gpuwatch.db: there is no store; expected")]
    [InlineData("--store", "/dev/null", "expected")]
    public void A_question_that_cannot_be_answered_says_why(string option, string value, string problem)
    {
        var (code, output, error) = Gpuwatch.Run(["query", .. option == "--store" ? [] : (string[])["--store", Store], option, value]);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(problem, Assert.Single(error.TrimEnd('\n').Split('\n')));
    }

    [Fact]
    public void A_file_that_is_no_store_is_named()
    {
        var file = folder.File("notes.db", new string('x', 5000));

        Assert.Equal(
            (2, "", $"gpuwatch: {file}: {file} is no store of gpuwatch, or is damaged: move it away, and a new one is made; expected the database of an agent\n"),
            Gpuwatch.Run("query", "--store", file));
    }

    public void Dispose() => folder.Dispose();

    private string Query(params string[] arguments)
    {
        string[] since = arguments.Contains("--since") ? [] : ["--since", "0"];
        string[] resolution = arguments.Contains("--resolution") ? [] : ["--resolution", "raw"];
        var (code, output, error) = Gpuwatch.Run(["query", "--store", Store, .. since, .. resolution, .. arguments]);
        Assert.Equal((0, ""), (code, error));
        return output;
    }
}
