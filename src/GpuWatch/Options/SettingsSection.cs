using System.Globalization;
using GpuWatch.Core.Units;

namespace GpuWatch.Options;

/// <summary>
/// One section as its options record reads it: each setting is asked for by its key with its default and range, and a value
/// that does not fit is a sentence naming place and setting.
/// </summary>
internal sealed class SettingsSection(Settings settings, string name)
{
    /// <param name="standIn">A variable of the environment that counts when the setting is not given.</param>
    public string? Text(string key, string? standIn = null) => settings.Find(Path(key), standIn)?.Value;

    public string TextOr(string byDefault, string key, string? standIn = null)
    {
        if (Text(key, standIn) is { } text)
        {
            return text;
        }
        settings.Default(Path(key), byDefault);
        return byDefault;
    }

    public bool Flag(string key, bool byDefault) => Find(key, byDefault ? "yes" : "no") is not { } setting ? byDefault : setting.Value.ToLowerInvariant() switch
    {
        "yes" or "true" or "on" or "1" => true,
        "no" or "false" or "off" or "0" => false,
        _ => throw Bad(setting, "yes or no is expected"),
    };

    public TimeSpan Duration(string key, TimeSpan byDefault, TimeSpan least, TimeSpan most)
    {
        if (Find(key, Options.Duration.InWords(byDefault.TotalSeconds)) is not { } setting)
        {
            return byDefault;
        }
        if (!Options.Duration.TryParse(setting.Value, out var duration))
        {
            throw Bad(setting, Options.Duration.Expectation);
        }
        return duration >= least && duration <= most
            ? duration
            : throw Bad(setting, $"a duration from {Options.Duration.InWords(least.TotalSeconds)} to {Options.Duration.InWords(most.TotalSeconds)} is expected");
    }

    public int Count(string key, int byDefault, int least, int most) => (int)Math.Round(Number(key, byDefault, least, most));

    public double Number(string key, double byDefault, double least, double most)
    {
        if (Find(key, byDefault.ToString(CultureInfo.InvariantCulture)) is not { } setting)
        {
            return byDefault;
        }
        return double.TryParse(setting.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Bad(setting, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most} is expected"));
    }

    /// <summary>One of <paramref name="words"/>.</summary>
    public string Choice(string key, string byDefault, params ReadOnlySpan<string> words)
    {
        if (Find(key, byDefault) is not { } setting)
        {
            return byDefault;
        }
        return words.Contains(setting.Value) ? setting.Value : throw Bad(setting, $"one of {string.Join(", ", words)} is expected");
    }

    /// <summary>A list of values; empty when none is given.</summary>
    /// <param name="secretFrom">Items from this one on are shown as stars.</param>
    public IReadOnlyList<string> List(string key, int secretFrom = int.MaxValue)
    {
        var values = new List<string>();
        while (Find(string.Create(CultureInfo.InvariantCulture, $"{key}.{values.Count}")) is { } item)
        {
            if (values.Count >= secretFrom)
            {
                settings.Secret(item.Path);
            }
            values.Add(item.Value);
        }
        return values;
    }

    /// <summary>
    /// A secret: given as <paramref name="key"/>, or as <c>key_file</c> naming a file that holds it, or as a systemd credential
    /// of that name. Null when none of them is. It never appears in messages.
    /// </summary>
    /// <param name="standIn">As in <see cref="Text"/>, when none of them is.</param>
    public Secret? Secret(string key, Func<string, string?> environment, string? standIn = null)
    {
        settings.Secret(Path(key));
        if (Text(key) is { Length: > 0 } plain)
        {
            return new Secret(plain);
        }
        if (Find(key + "_file") is { } named)
        {
            return SecretFile(named.Value) ?? throw Bad(named, "a readable file with the secret on its first line is expected");
        }
        var credential = environment("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials ? System.IO.Path.Combine(credentials, $"{name}_{key}") : null;
        if (credential is not null && SecretFile(credential) is { } kept)
        {
            settings.Secret(Path(key), credential);
            return kept;
        }
        return Text(key, standIn) is { Length: > 0 } common ? new Secret(common) : null;
    }

    /// <summary>The mistake in a setting of this section, at its place; for rules between settings.</summary>
    public BadInputException Bad(string key, string problem, string expectation) =>
        new(settings.PlaceOf(Path(key)) ?? Path(key), $"'{Path(key)}' {problem}", expectation);

    private static Secret? SecretFile(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault()?.Trim() is { Length: > 0 } secret ? new Secret(secret) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static BadInputException Bad(Setting setting, string expectation) =>
        new(setting.Place, $"'{setting.Path}' is '{Plain.Text(setting.Value)}'", expectation);

    private Setting? Find(string key) => settings.Find(Path(key));

    private Setting? Find(string key, string byDefault)
    {
        var found = Find(key);
        if (found is null)
        {
            settings.Default(Path(key), byDefault);
        }
        return found;
    }

    private string Path(string key) => $"{name}.{key}";
}
