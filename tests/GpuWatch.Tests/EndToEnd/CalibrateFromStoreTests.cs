using System.Text.Json;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Reconcile;
using GpuWatch.Store.Sqlite;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>What the agent saw to its end is what `calibrate --runs store` learns from.</summary>
public sealed class CalibrateFromStoreTests : IDisposable
{
    private const string Scene = """
        gpu 0 total=16GiB name="A"
        job 4242 gpu=0 start=0 end=20 name="python"
          at 0 1GiB
          at 5 3GiB

        """;

    private readonly TemporaryFolder folder = new();

    private string Store => folder.File("gpuwatch.db");
    private string Profile => folder.File("ours.json");

    [Fact]
    public async Task One_watched_run_is_read_but_is_too_little_to_keep_a_profile()
    {
        var settings = folder.File("gpuwatch.yaml", "store: { flush_every: 100ms }\n");
        var job = folder.File("job.yaml", "model_name: gpt2\nmethod: full\nmicro_batch: 1\nseq_len: 128\n");
        using (var agent = new RunningAgent(folder.File("scene.scn", Scene), 20, "--config", settings, "--listen", "none", "--store", Store, "--job", job, "--output", "ndjson"))
        {
            // To its end, and until that is written: not to the end of the agent, which waits for nobody.
            await Eventually.HoldsAsync(() => File.Exists(Store) && Gpuwatch.Run("calibrate", "--runs", "store", "--store", Store, "--out", Profile).Code == 0, 60,
                () => "the run is kept: " + string.Join("; ", agent.Errors));
            Assert.Equal(130, agent.Stop());
        }

        var (code, output, error) = Gpuwatch.Run("calibrate", "--runs", "store", "--store", Store, "--out", Profile, "--output", "json");

        Assert.Equal((0, ""), (code, error));
        var found = JsonDocument.Parse(output).RootElement;
        Assert.Equal((1, false), (found.GetProperty("rows").GetInt32(), found.GetProperty("saved").GetBoolean()));
        Assert.False(File.Exists(Profile));
        Assert.Contains("not saved: 5 runs are needed", Gpuwatch.Run("calibrate", "--runs", "store", "--store", Store, "--out", Profile).Out);
    }

    [Fact]
    public void Runs_that_all_took_more_than_planned_give_a_profile_that_says_so()
    {
        Finished([.. Enumerable.Range(1, 6).Select(batch => Job(batch))], times: 1.3);

        var (code, output, _) = Gpuwatch.Run("calibrate", "--runs", "store", "--store", Store, "--out", Profile);

        Assert.Equal(0, code);
        Assert.Contains("saved to", output);
        var ours = ProfileJson.Read(File.ReadAllBytes(Profile), Profile);
        var (before, after) = (Estimator.Estimate(Job(8)).Plan!.PeakDevice.Likely, Estimator.Estimate(Job(8), ours).Plan!.PeakDevice.Likely);
        // A larger batch than any that ran: what the runs took more is laid to caches and activations, and these grow with the batch.
        Assert.InRange(after.GiB / before.GiB, 1.2, 1.4);
    }

    [Fact]
    public void A_store_without_a_finished_declared_run_is_told()
    {
        Finished([], times: 1);

        var (code, output, error) = Gpuwatch.Run("calibrate", "--runs", "store", "--store", Store, "--out", Profile);

        Assert.Equal((2, "", $"gpuwatch: {Store}: no declared run has been watched to its end; expected runs of an agent with --job\n"), (code, output, error));
    }

    public void Dispose() => folder.Dispose();

    private static Job Job(int batch) => new()
    {
        ModelName = "gpt2", Method = "full", WeightDtype = "fp32", Attention = "sdpa", CrossEntropy = "hf", MicroBatch = batch, SeqLen = 1024, Optimizer = "adamw_torch",
        GradCheckpointing = "none", GpuName = "A100-80GB",
    };

    private void Finished(Job[] jobs, double times)
    {
        using var writer = new StoreWriter(Store, mostPages: 10_000);
        var batch = new StoreBatch { LatestSeconds = 1000 };
        foreach (var job in jobs)
        {
            var peak = Estimator.Estimate(job).Plan!.PeakDevice.Likely * times;
            batch.Runs.Add(new RunPoint(900, true, job, new Reconciled(1000, 0, 8, peak, null, null, null, new Bridge(peak, null, null, peak), null), "{}"));
        }
        writer.Write(batch, nowSeconds: 1e12);
    }
}
