namespace GpuWatch.Options;

/// <summary>Where the driver is read.</summary>
internal sealed record NvmlOptions
{
    /// <summary>The NVML library. Null: GPUWATCH_NVML, then the system's.</summary>
    public string? Path { get; init; }

    /// <summary>Fail when there is no NVIDIA driver, instead of watching the simulated node. Default no.</summary>
    public bool RequireGpu { get; init; }

    public static NvmlOptions From(SettingsSection section) => new()
    {
        Path = section.Text("path"),
        RequireGpu = section.Flag("require_gpu", false),
    };
}
