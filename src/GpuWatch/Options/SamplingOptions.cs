namespace GpuWatch.Options;

/// <summary>How often the GPUs are read.</summary>
internal sealed record SamplingOptions
{
    /// <summary>Time between sweeps while nothing is about to happen. Default 1 s, from 100 ms to 1 min.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between sweeps while a job is in its first steps, near its limit or forecast to run out. Default 100 ms; never longer than <see cref="Period"/>.</summary>
    public TimeSpan FastPeriod { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Longest time between two readings of the process lists, default 1 s. They cost the driver several milliseconds (the
    /// device's memory: some microseconds), so between these they are read only when the device's memory has moved.
    /// </summary>
    public TimeSpan ProcessPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a process may keep the sampling fast by being in its first steps. Default 1 min: memory that moves makes it fast again.</summary>
    public TimeSpan FastAtMost { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Pause before a session with the driver that failed is opened again. Default 5 s.</summary>
    public TimeSpan ReopenAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether what processes tell of PyTorch's allocator (gpuwatch_torch.py) is looked for. Default yes.</summary>
    public bool InProcess { get; init; } = true;

    /// <summary>Longest time between two sweeps that tell something, in a healthy agent.</summary>
    public TimeSpan Heartbeat => Period > ProcessPeriod ? Period : ProcessPeriod;

    public static SamplingOptions From(SettingsSection section)
    {
        var byDefault = new SamplingOptions();
        var read = new SamplingOptions
        {
            Period = section.Duration("period", byDefault.Period, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            FastPeriod = section.Duration("fast_period", byDefault.FastPeriod, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            ProcessPeriod = section.Duration("process_period", byDefault.ProcessPeriod, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            FastAtMost = section.Duration("fast_at_most", byDefault.FastAtMost, TimeSpan.Zero, TimeSpan.FromDays(1)),
            ReopenAfter = section.Duration("reopen_after", byDefault.ReopenAfter, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            InProcess = section.Flag("in_process", byDefault.InProcess),
        };
        return read with { FastPeriod = read.FastPeriod < read.Period ? read.FastPeriod : read.Period };
    }
}
