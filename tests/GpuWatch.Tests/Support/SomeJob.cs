using System.Globalization;

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
}
