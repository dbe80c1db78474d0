namespace GpuWatch.Tests.Support;

/// <summary>Larger test data beside the repository, found through GPUWATCH_TEST_DATA; absent on a user's machine.</summary>
internal static class SharedData
{
    public static string? Folder { get; } =
        Environment.GetEnvironmentVariable("GPUWATCH_TEST_DATA") is { Length: > 0 } folder && Directory.Exists(folder) ? folder : null;
}

/// <summary>A test that needs the larger data; skipped with its reason where that is absent.</summary>
internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = "GPUWATCH_TEST_DATA does not name a folder with the larger test data.";
        }
    }
}

/// <summary>The same for a theory.</summary>
internal sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = "GPUWATCH_TEST_DATA does not name a folder with the larger test data.";
        }
    }
}
