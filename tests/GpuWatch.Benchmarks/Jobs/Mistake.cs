namespace GpuWatch.Benchmarks.Jobs;

/// <summary>A declaration that says less than what runs.</summary>
internal static class Mistake
{
    public static (JobText Declared, JobText Actual) Draw(JobText job, Dice dice) => dice.Whole(0, 2) switch
    {
        0 => (job.With("seq_len", (int)job["seq_len"] / 2), job),
        1 => (job.With("grad_checkpointing", "full"), job.With("grad_checkpointing", "none")),
        _ => (job.With("attention", "flash"), job.With("attention", "eager")),
    };
}
