using System.Collections.Frozen;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Jobs;

/// <summary>
/// What a Hugging Face config.json means where it leaves a key out: the defaults of its configuration class (config_defaults.csv, embedded, with
/// the file each row is from). Published configurations of multimodal models leave out of their text part whatever is the default.
/// </summary>
public static class ConfigDefaults
{
    private static readonly FrozenDictionary<string, Table.Row> ByType =
        Table.Read(typeof(ConfigDefaults), "config_defaults.csv").ToFrozenDictionary(row => row["model_type"]);

    /// <returns>Null where the class has no default, or a computed one, or the type is not known.</returns>
    public static int? Of(string modelType, string key) =>
        ByType.TryGetValue(modelType, out var row) || ByType.TryGetValue(modelType + "_text", out row) ? row.Count(key) : null;
}
