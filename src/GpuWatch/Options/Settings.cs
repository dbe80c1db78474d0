using GpuWatch.Core.Units;

namespace GpuWatch.Options;

/// <summary>
/// All that was configured, each setting from the strongest place that gives it:
/// defaults &lt; /etc/gpuwatch/gpuwatch.yaml &lt; $XDG_CONFIG_HOME/gpuwatch/config.yaml &lt; GPUWATCH_SECTION__KEY &lt; flags.
/// A --config file stands in for both files.
/// </summary>
internal sealed class Settings(Func<string, string?> environment)
{
    private readonly Dictionary<string, Setting> given = new(StringComparer.Ordinal);
    private readonly HashSet<string> overridden = new(StringComparer.Ordinal);
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public static Settings Load(string? configFile, Func<string, string?> environment)
    {
        var settings = new Settings(environment);
        foreach (var file in configFile is not null ? [configFile] : Standard(environment).Where(File.Exists))
        {
            settings.Add(SettingsFile.Read(file));
        }
        return settings;
    }

    public void Add(IEnumerable<Setting> layer)
    {
        foreach (var setting in layer)
        {
            given[setting.Path] = setting;
        }
    }

    /// <summary>A flag that was given; nothing when <paramref name="value"/> is null.</summary>
    public void Flag(string path, string? value, string flag)
    {
        if (value is not null)
        {
            given[path] = new Setting(path, value, flag);
            overridden.Add(path);
        }
    }

    public SettingsSection Section(string name) => new(this, name);

    /// <summary>The value for <paramref name="path"/>, null when nobody gave one. Asking makes the setting a known one.</summary>
    public Setting? Find(string path)
    {
        known.Add(path);
        if (!overridden.Contains(path))
        {
            var variable = "GPUWATCH_" + path.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();
            if (environment(variable) is { Length: > 0 } value)
            {
                return new Setting(path, value, variable);
            }
        }
        return given.GetValueOrDefault(path);
    }

    /// <summary>Call when all sections have been read: what nobody asked for is a mistake.</summary>
    public void RejectUnknown()
    {
        foreach (var setting in given.Values)
        {
            if (!known.Contains(setting.Path))
            {
                throw new BadInputException(setting.Place, $"unknown setting '{Plain.Text(setting.Path)}'", Neighbours(setting.Path) + " is expected");
            }
        }
    }

    private string Neighbours(string path)
    {
        var section = path.Split('.')[0] + ".";
        var names = known.Where(name => name.StartsWith(section, StringComparison.Ordinal)).Select(name => name[section.Length..]).ToList();
        if (names.Count == 0)
        {
            names = [.. known.Select(name => name.Split('.')[0]).Distinct()];
        }
        names.Sort(StringComparer.Ordinal);
        return "one of " + string.Join(", ", names);
    }

    private static IEnumerable<string> Standard(Func<string, string?> environment)
    {
        yield return "/etc/gpuwatch/gpuwatch.yaml";
        var home = environment("XDG_CONFIG_HOME") is { Length: > 0 } xdg
            ? xdg
            : environment("HOME") is { Length: > 0 } user ? Path.Combine(user, ".config") : null;
        if (home is not null)
        {
            yield return Path.Combine(home, "gpuwatch", "config.yaml");
        }
    }
}
