using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>A profile as a JSON file, to keep and to read again.</summary>
public static class ProfileJson
{
    private const string Expected = "expected a file that `gpuwatch calibrate --out` wrote";
    private const string Format = "gpuwatch-profile-1";
    private static readonly string[] Quantities = ["allocated", "reserved", "device"];

    public static byte[] Write(Profile profile)
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(bytes, new() { Indented = true, NewLine = "\n" }))
        {
            Write(json, profile);
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, Profile profile)
    {
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("rows", profile.Rows);
        WriteProvenance(json, profile);
        json.WriteStartArray("coefficients");
        foreach (var coefficient in profile.Coefficients)
        {
            WriteCoefficient(json, coefficient);
        }
        json.WriteEndArray();
        json.WriteStartArray("bands");
        for (var i = 0; i < profile.Bands.Length; i++)
        {
            WriteBand(json, i, profile.Bands[i]);
        }
        json.WriteEndArray();
        WriteKinds(json, profile);
        if (profile.Scope is { } scope)
        {
            json.WritePropertyName("elsewhere");
            Write(json, scope.Elsewhere);
        }
        json.WriteEndObject();
    }

    /// <summary>Kinds of jobs the profile holds for; not written where it holds for all.</summary>
    public static void WriteKinds(Utf8JsonWriter json, Profile profile)
    {
        if (profile.Scope is { } scope)
        {
            WriteTexts(json, "holds_for", [.. scope.Kinds.Select(kind => kind.ToString())]);
        }
    }

    /// <summary>Where the runs come from that it was fitted on; null = nobody told.</summary>
    public static void WriteProvenance(Utf8JsonWriter json, Profile profile)
    {
        WriteTexts(json, "sources", profile.Sources);
        WriteTexts(json, "gpus", profile.Gpus);
        json.WriteString("driver", profile.Driver);
        json.WriteString("framework", profile.Framework);
    }

    /// <summary>One coefficient as CONTRACTS 8 prints it.</summary>
    public static void WriteCoefficient(Utf8JsonWriter json, Coefficient coefficient)
    {
        var range = Knobs.All[(int)coefficient.Knob];
        json.WriteStartObject();
        json.WriteString("name", range.Name);
        json.WriteNumber("prior", range.Prior);
        json.WriteNumber("value", Math.Round(coefficient.Value, 4));
        json.WriteNumber("low", Math.Round(coefficient.Low, 4));
        json.WriteNumber("high", Math.Round(coefficient.High, 4));
        json.WriteNumber("rows", coefficient.Rows);
        json.WriteEndObject();
    }

    /// <param name="place">The file, for the error.</param>
    /// <exception cref="BadInputException">The text is no profile of this format.</exception>
    public static Profile Read(ReadOnlyMemory<byte> text, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Read(document.RootElement, place);
        }
        catch (JsonException fault)
        {
            throw new BadInputException($"{place}:{fault.LineNumber + 1}", "this is not JSON", Expected);
        }
        catch (Exception fault) when (fault is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BadInputException(place, "this is not a profile", Expected);
        }
    }

    internal static Profile ReadEmbedded()
    {
        using var stream = typeof(ProfileJson).Assembly.GetManifestResourceStream("GpuWatch.Core.Estimate.default_profile.json");
        if (stream is null)
        {
            return Profile.Prior;
        }
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return Read(memory.ToArray(), "default_profile.json");
    }

    private static Profile Read(JsonElement root, string place)
    {
        if (root.GetProperty("format").GetString() != Format)
        {
            throw new FormatException();
        }
        var coefficients = Profile.Prior.Coefficients.ToBuilder();
        foreach (var element in root.GetProperty("coefficients").EnumerateArray())
        {
            var name = element.GetProperty("name").GetString();
            var range = Knobs.All.FirstOrDefault(known => known.Name == name) ?? throw new FormatException();
            coefficients[(int)range.Knob] = new(
                range.Knob, Within(element, "value", range, place), Within(element, "low", range, place), Within(element, "high", range, place), element.GetProperty("rows").GetInt32());
        }
        var bands = Profile.Prior.Bands.ToBuilder();
        foreach (var element in root.GetProperty("bands").EnumerateArray())
        {
            var quantity = Array.IndexOf(Quantities, element.GetProperty("quantity").GetString());
            var index = 2 * quantity + (element.GetProperty("several_gpus").GetBoolean() ? 1 : 0);
            if (quantity < 0)
            {
                throw new FormatException();
            }
            bands[index] = Band(element);
        }
        return new(
            coefficients.ToImmutable(), bands.ToImmutable(), root.GetProperty("rows").GetInt32(), Texts(root, "sources"), Texts(root, "gpus"),
            root.GetProperty("driver").GetString(), root.GetProperty("framework").GetString(), Scope(root, place));
    }

    private static ProfileScope? Scope(JsonElement root, string place) => root.TryGetProperty("holds_for", out _)
        ? new([.. Texts(root, "holds_for").Select(text => JobKind.Parse(text) ?? throw new FormatException())], Read(root.GetProperty("elsewhere"), place))
        : null;

    private static ErrorBand Band(JsonElement element)
    {
        var (low, high) = (element.GetProperty("low").GetDouble(), element.GetProperty("high").GetDouble());
        return low > 0 && high >= low && double.IsFinite(high) ? new(low, high, element.GetProperty("rows").GetInt32()) : throw new FormatException();
    }

    /// <summary>`calibrate` never leaves a knob's range: what does was written by hand, or by nobody.</summary>
    private static double Within(JsonElement element, string name, KnobRange range, string place) =>
        element.GetProperty(name).GetDouble() is var value && value >= range.Least && value <= range.Most
            ? value
            : throw new BadInputException(
                place, string.Create(CultureInfo.InvariantCulture, $"{name} of coefficient {range.Name} is {value:G6}"), string.Create(CultureInfo.InvariantCulture, $"expected {range.Least} to {range.Most}"));

    private static ImmutableArray<string> Texts(JsonElement root, string name) =>
        [.. root.GetProperty(name).EnumerateArray().Select(text => text.GetString() ?? "")];

    private static void WriteTexts(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    private static void WriteBand(Utf8JsonWriter json, int index, ErrorBand band)
    {
        json.WriteStartObject();
        json.WriteString("quantity", Quantities[index / 2]);
        json.WriteBoolean("several_gpus", index % 2 == 1);
        json.WriteNumber("low", Math.Round(band.Low, 4));
        json.WriteNumber("high", Math.Round(band.High, 4));
        json.WriteNumber("rows", band.Rows);
        json.WriteEndObject();
    }
}
