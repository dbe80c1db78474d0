namespace GpuWatch.Tests.Support;

/// <summary>A job whose end is certain from its declaration, for tests of what comes after the forecast.</summary>
internal static class SomeJob
{
    /// <summary>A model of 7 billion parameters that loads onto a card of 24 GiB: its gradients and Adam's states will not fit.</summary>
    public static string Loading(TemporaryFolder folder, int pid) => AgentProcess.Trace(folder, pid, totalMiB: 24 * 1024,
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
}
