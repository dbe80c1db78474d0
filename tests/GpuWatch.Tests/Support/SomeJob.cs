using System.Globalization;
using System.Text;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Tests.Support;

/// <summary>A job whose end is certain from its declaration, for tests of what comes after the forecast.</summary>
internal static class SomeJob
{
    /// <summary>A model of 7 billion parameters that loads onto a card of 24 GiB: its gradients and Adam's states will not fit.</summary>
    public static string Loading(TemporaryFolder folder, int pid) => Trace(folder, pid, totalMiB: 24 * 1024,
        Enumerable.Range(0, 600).Select(i => (i * 0.1, Math.Min(13_500, 500 + (i * 100.0)))));

    public static string TooLarge(TemporaryFolder folder) => folder.File("job.yaml", """
        params_b: 6.74
        hidden: 4096
        layers: 32
        heads: 32
        intermediate: 11008
        vocab: 32000
        block: llama
        method: full
        weight_dtype: bf16
        optimizer: adamw_torch
        micro_batch: 1
        seq_len: 1024
        """);

    /// <summary>A trace of one process on one GPU; the rows are (seconds, MiB of the process).</summary>
    private static string Trace(TemporaryFolder folder, int pid, double totalMiB, IEnumerable<(double Seconds, double MiB)> rows) =>
        folder.File("trace.csv", "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n"
            + string.Concat(rows.Select(row => string.Create(CultureInfo.InvariantCulture,
                $"{row.Seconds},0,{pid},{row.MiB * 1048576:0},{row.MiB * 1048576:0},{totalMiB * 1048576:0},,\n"))));

    /// <summary>One that fits and takes its first step at 3 s, as its plan says; NVML alone watches it.</summary>
    public static string Fitting(string file)
    {
        File.WriteAllText(file, """
            hidden: 2048
            layers: 6
            heads: 32
            kv_heads: 4
            intermediate: 5632
            vocab: 32000
            tied_embeddings: no
            qkv_bias: no
            block: llama
            method: full
            weight_dtype: bf16
            amp: no
            master_weights: no
            optimizer: adamw_fused
            grad_checkpointing: none
            attention: flash
            cross_entropy: hf2025
            micro_batch: 2
            seq_len: 1024
            """);
        return file;
    }

    /// <summary>A node where process 4242 on GPU 0 runs <see cref="TooLarge"/> and 4343 on GPU 1 <see cref="Fitting"/>.</summary>
    /// <returns>The scene, and the folder of job files.</returns>
    public static (string Scene, string Jobs) Two(TemporaryFolder folder)
    {
        var jobs = Directory.CreateDirectory(folder.File("jobs")).FullName;
        File.Copy(TooLarge(folder), Path.Combine(jobs, "4242.yaml"));
        var plan = Estimator.Estimate(JobFile.Read(Fitting(Path.Combine(jobs, "4343.yaml")))).Plan!;
        var context = Bytes.FromMiB(400);
        var (loaded, stepping) = (context + plan.Phases.Load, context + (plan.PeakAllocated.Likely * 1.05));
        var scene = new StringBuilder("time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n");
        for (var i = 0; i < 300; i++)
        {
            var (loading, fitting) = (Bytes.FromMiB(Math.Min(13_500, 500 + (i * 100))), i < 30 ? loaded : stepping);
            scene.Append(CultureInfo.InvariantCulture, $"{i * 0.1:0.0},0,4242,{loading.Count},{loading.Count},{Bytes.FromGiB(24).Count},,\n{i * 0.1:0.0},1,4343,{fitting.Count},{fitting.Count},{Bytes.FromGiB(48).Count},,\n");
        }
        return (folder.File("two.csv", scene.ToString()), jobs);
    }
}
