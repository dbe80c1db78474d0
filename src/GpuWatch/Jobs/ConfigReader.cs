using System.Text.Json;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Jobs;

/// <summary>Reads the keys of one object of a config.json; where one is left out, it is what the model's class has by default.</summary>
/// <param name="defaults">The model_type whose defaults hold; null = none do.</param>
internal readonly struct ConfigReader(JsonElement config, string? defaults)
{
    /// <summary>The first of these keys that is a number above 0. A key that is there and null says that the class computes it.</summary>
    /// <param name="name">As transformers writes it since 2023, which the defaults are listed by; then older spellings.</param>
    public int? Count(string name, params ReadOnlySpan<string> older) =>
        Said(name) ?? Said(older) ?? (defaults is not null && !Has(name, older) ? ConfigDefaults.Of(defaults, name) : null);

    /// <summary>The same without defaults.</summary>
    public int? Said(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var count) && count > 0)
            {
                return count;
            }
        }
        return null;
    }

    public bool? Flag(string name) =>
        config.TryGetProperty(name, out var value) && value.ValueKind is (JsonValueKind.True or JsonValueKind.False)
            ? value.ValueKind is JsonValueKind.True
            : null;

    public string? Text(string name) =>
        config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    public bool Has(string name) => config.TryGetProperty(name, out _);

    private bool Has(string name, ReadOnlySpan<string> older)
    {
        foreach (var other in older)
        {
            if (Has(other))
            {
                return true;
            }
        }
        return Has(name);
    }
}
