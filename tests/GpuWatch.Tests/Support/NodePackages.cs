namespace GpuWatch.Tests.Support;

/// <summary>A test against other people's packages in tests/node; skipped where node or `npm ci` there is missing.</summary>
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute()
    {
        if (Tool.Find("node") is null)
        {
            Skip = "node is not installed.";
        }
        else if (!Directory.Exists(Repository.PathOf("tests", "node", "node_modules")))
        {
            Skip = "The oracles are not installed: npm ci --prefix tests/node --ignore-scripts.";
        }
    }
}
