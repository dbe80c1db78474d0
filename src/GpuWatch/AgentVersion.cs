using System.Reflection;

namespace GpuWatch;

/// <summary>The version this program was built as: "0.1.0+COMMIT".</summary>
internal static class AgentVersion
{
    private static readonly string[] Parts =
        (typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+');

    public static string Number => Parts[0];

    /// <summary>"unknown" when it was built outside a repository.</summary>
    public static string Commit => Parts.Length > 1 ? Parts[1] : "unknown";
}
