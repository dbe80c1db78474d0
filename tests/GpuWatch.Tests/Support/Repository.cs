namespace GpuWatch.Tests.Support;

/// <summary>The repository this test run was built from.</summary>
internal static class Repository
{
    public static string Folder { get; } = FolderAbove(AppContext.BaseDirectory);

    public static string PathOf(params string[] parts) => Path.Combine([Folder, .. parts]);

    private static string FolderAbove(string folder)
    {
        while (!File.Exists(Path.Combine(folder, "GpuWatch.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No folder above holds GpuWatch.sln.");
        }
        return folder;
    }
}
