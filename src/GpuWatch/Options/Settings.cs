using GpuWatch.Core.Units;

namespace GpuWatch.Options;

/// <summary>
/// All that was configured, each setting from the strongest place that gives it:
/// defaults &lt; /etc/gpuwatch/gpuwatch.yaml &lt; /etc/gpuwatch/conf.d/*.yaml by name &lt; $XDG_CONFIG_HOME/gpuwatch/config.yaml
/// &lt; GPUWATCH_SECTION__KEY &lt; flags. A --config file stands in for all files.
/// </summary>
/// <param name="variables">The names of all variables, to find those that are meant for a setting and name none.</param>
internal sealed class Settings(Func<string, string?> environment, IReadOnlyCollection<string>? variables = null)
{
    private const string Prefix = "GPUWATCH_";

    /// <summary>The place of a setting that nobody gave.</summary>
    public const string ByDefault = "default";

    private readonly Dictionary<string, Setting> given = new(StringComparer.Ordinal);
    private readonly HashSet<string> overridden = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Setting?> known = new(StringComparer.Ordinal);
    private readonly HashSet<string> secrets = new(StringComparer.Ordinal);

    public static Settings Load(string? configFile, Func<string, string?> environment, IReadOnlyCollection<string>? variables = null)
    {
        var settings = new Settings(environment, variables);
        foreach (var file in configFile is not null ? [configFile] : Standard(environment))
        {
            settings.Add(SettingsFile.Read(file));
        }
        return settings;
    }

    /// <summary>A layer above those there are. A list that it gives stands in for the whole list below.</summary>
    public void Add(IEnumerable<Setting> layer)
    {
        foreach (var setting in layer)
        {
            if (setting.Path.EndsWith(".0", StringComparison.Ordinal))
            {
                var list = setting.Path[..^1];
                foreach (var below in given.Keys.Where(path => path.StartsWith(list, StringComparison.Ordinal)).ToList())
                {
                    given.Remove(below);
                }
            }
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
    /// <param name="standIn">A variable that other programs read too, which stands in for what is not given.</param>
    public Setting? Find(string path, string? standIn = null)
    {
        var found = Strongest(path, standIn);
        if (found is not null || !known.ContainsKey(path))
        {
            known[path] = found;
        }
        return found;
    }

    /// <summary>Where a setting that was asked for comes from; null when nobody gave it.</summary>
    public string? PlaceOf(string path) => known.GetValueOrDefault(path) is { Place: not ByDefault } setting ? setting.Place : null;

    /// <summary>What holds when nobody gives the setting, so that it can be shown beside what was given.</summary>
    public void Default(string path, string value) => known[path] = new Setting(path, value, ByDefault);

    /// <summary>A secret is never shown; <paramref name="place"/> is told where it did not come from a setting.</summary>
    public void Secret(string path, string? place = null)
    {
        secrets.Add(path);
        if (place is not null)
        {
            known[path] = new Setting(path, "", place);
        }
    }

    /// <summary>What holds of all that was asked for, by name; secrets, and passwords in addresses, as stars.</summary>
    public IEnumerable<Setting> InForce() =>
        from setting in known.Values
        where setting is not null
        orderby setting.Path
        select setting with { Value = secrets.Contains(setting.Path) ? "***" : Options.Secret.Masked(setting.Value) };

    /// <summary>Call when sections have been read: what nobody asked for is a mistake.</summary>
    /// <param name="sections">The sections that were read; none: all were.</param>
    public void RejectUnknown(params ReadOnlySpan<string> sections)
    {
        foreach (var setting in given.Values.Concat(Variables()))
        {
            if (!known.ContainsKey(setting.Path) && !IsEmptySection(setting) && (sections.IsEmpty || sections.Contains(setting.Path.Split('.')[0])))
            {
                throw new BadInputException(setting.Place, $"unknown setting '{Plain.Text(setting.Path)}'", Neighbours(setting.Path) + " is expected");
            }
        }
    }

    /// <summary>Those that are meant for a setting: two underscores, or one where two belong. Other names are others' (Kubernetes makes GPUWATCH_PORT_…).</summary>
    private IEnumerable<Setting> Variables()
    {
        foreach (var name in variables ?? [])
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || environment(name) is not { Length: > 0 } value)
            {
                continue;
            }
            var words = name[Prefix.Length..].ToLowerInvariant();
            if (words.Contains("__", StringComparison.Ordinal) || known.Keys.Any(path => path.Replace('.', '_') == words))
            {
                yield return new Setting(words.Replace("__", ".", StringComparison.Ordinal), value, name);
            }
        }
    }

    /// <summary>"sampling:" with nothing below it, as when all its settings are commented out, sets nothing.</summary>
    private bool IsEmptySection(Setting setting) =>
        setting.Value.Length == 0 && known.Keys.Any(path => path.StartsWith(setting.Path + ".", StringComparison.Ordinal));

    private Setting? Strongest(string path, string? standIn)
    {
        if (!overridden.Contains(path) && Variable(path, "GPUWATCH_" + path.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant()) is { } variable)
        {
            return variable;
        }
        return given.GetValueOrDefault(path) ?? (standIn is null ? null : Variable(path, standIn));
    }

    private Setting? Variable(string path, string name) => environment(name) is { Length: > 0 } value ? new Setting(path, value, name) : null;

    private string Neighbours(string path)
    {
        var section = path.Split('.')[0] + ".";
        var names = known.Keys.Where(name => name.StartsWith(section, StringComparison.Ordinal)).Select(name => name[section.Length..]).ToList();
        if (names.Count == 0)
        {
            names = [.. known.Keys.Select(name => name.Split('.')[0]).Distinct()];
        }
        names.Sort(StringComparer.Ordinal);
        return "one of " + string.Join(", ", names);
    }

    private static IEnumerable<string> Standard(Func<string, string?> environment)
    {
        // systemd names the folder that it gives the service.
        var system = environment("CONFIGURATION_DIRECTORY") is { Length: > 0 } given ? given.Split(':')[0] : "/etc/gpuwatch";
        if (Path.Combine(system, "gpuwatch.yaml") is var main && File.Exists(main))
        {
            yield return main;
        }
        if (Path.Combine(system, "conf.d") is var more && Directory.Exists(more))
        {
            foreach (var file in Directory.GetFiles(more, "*.yaml").Order(StringComparer.Ordinal))
            {
                yield return file;
            }
        }
        var home = environment("XDG_CONFIG_HOME") is { Length: > 0 } xdg
            ? xdg
            : environment("HOME") is { Length: > 0 } user ? Path.Combine(user, ".config") : null;
        if (home is not null && Path.Combine(home, "gpuwatch", "config.yaml") is var own && File.Exists(own))
        {
            yield return own;
        }
    }
}
