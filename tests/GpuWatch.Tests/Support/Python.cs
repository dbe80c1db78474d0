namespace GpuWatch.Tests.Support;

/// <summary>The real pickle, where python3 is installed.</summary>
internal static class Python
{
    public static bool IsThere => Tool.Find("python3") is not null;

    /// <summary>What pickle.dumps gives of an expression, by protocol 0 to 5.</summary>
    /// <param name="before">Statements that the expression needs.</param>
    public static byte[][] Pickled(string expression, string before = "")
    {
        var (code, output) = Tool.Run("python3", ["-"], input: $"import pickle\n{before}\nvalue = {expression}\nfor protocol in range(6): print(pickle.dumps(value, protocol).hex())\n");
        Assert.True(code == 0, output);
        return [.. output.TrimEnd().Split('\n').Select(Convert.FromHexString)];
    }

    /// <summary>A snapshot of an allocator that was written a second time, in Python: its file, and what its maker counted.</summary>
    public static string[] MakeSnapshot(string path, int seed, int events, int kept, int protocol)
    {
        var (code, output) = Tool.Run(
            "python3", [Repository.PathOf("tests", "GpuWatch.Tests", "Support", "snapshot-maker.py"), path, $"{seed}", $"{events}", $"{kept}", $"{protocol}"]);
        Assert.True(code == 0, output);
        return output.TrimEnd().Split('\n');
    }
}
