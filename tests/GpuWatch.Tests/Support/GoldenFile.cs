namespace GpuWatch.Tests.Support;

/// <summary>A format's reviewed text, byte for byte. GPUWATCH_UPDATE_GOLDEN=folder of the sources rewrites it; the diff is the review.</summary>
internal static class GoldenFile
{
    public static void Matches(string name, string actual)
    {
        if (Environment.GetEnvironmentVariable("GPUWATCH_UPDATE_GOLDEN") is { Length: > 0 } folder)
        {
            File.WriteAllText(Path.Combine(folder, name), actual);
        }
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", name)), actual);
    }
}
