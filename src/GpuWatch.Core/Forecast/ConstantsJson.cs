using System.Buffers;
using System.Text.Json;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>The constants of the threats as a JSON file, to keep and to read again: one object, a number for each name.</summary>
public static class ConstantsJson
{
    private const string Resource = "GpuWatch.Core.Forecast.constants.json";

    public static byte[] Write(Constants constants)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, new() { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            foreach (var constant in Constants.All)
            {
                json.WriteNumber(constant.Name, Math.Round(constant.Get(constants), 4));
            }
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    /// <param name="place">The file, for the error.</param>
    /// <exception cref="BadInputException">A name that is not known, or a value out of its bounds.</exception>
    public static Constants Read(ReadOnlyMemory<byte> text, string place)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.EnumerateObject().Aggregate(new Constants(), (constants, one) => Set(constants, one, place));
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException)
        {
            throw new BadInputException(place, "it is not a file of constants", "expected a file that `gpuwatch backtest DIR --fit` wrote");
        }
    }

    private static Constants Set(Constants constants, JsonProperty one, string place)
    {
        var constant = Constants.All.FirstOrDefault(known => known.Name == one.Name)
            ?? throw new BadInputException(place, $"'{one.Name}' is no constant", $"expected one of {string.Join(", ", Constants.All.Select(known => known.Name))}");
        var value = one.Value.GetDouble();
        return value >= constant.Low && value <= constant.High
            ? constant.With(constants, value)
            : throw new BadInputException(place, $"{one.Name} is {value}", FormattableString.Invariant($"expected {constant.Low} to {constant.High}"));
    }

    internal static Constants Shipped()
    {
        using var stream = typeof(ConstantsJson).Assembly.GetManifestResourceStream(Resource);
        if (stream is null)
        {
            return new Constants();
        }
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return Read(memory.ToArray(), "constants.json");
    }
}
