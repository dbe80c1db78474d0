namespace GpuWatch.Options;

/// <summary>Where what must outlive the agent lies: in the folder systemd gives the service, else in the user's XDG state folder, else under /var/lib.</summary>
internal static class StateFolder
{
    public static string Of(Func<string, string?> environment, string name)
    {
        if (environment("STATE_DIRECTORY") is { Length: > 0 } given)
        {
            return Path.Combine(given.Split(':')[0], name);
        }
        var state = environment("XDG_STATE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".local", "state") : "/var/lib";
        return Path.Combine(state, "gpuwatch", name);
    }
}
