using System.Text.Json;

namespace GpuWatch.Show;

/// <summary>Numbers that may be unknown: null, NaN and the infinities are all written as null.</summary>
internal static class JsonNumbers
{
    public static void Number(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } known && double.IsFinite(known))
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    public static void Count(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
