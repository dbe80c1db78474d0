using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using GpuWatch.Core.Units;

namespace GpuWatch.InProcess;

/// <summary>
/// Reads what gpuwatch_torch.py writes, and trusts nothing of it: any user can write such a file. What is not as it should be is a
/// reason in our words, never in the file's. Keys that are not known are passed over, so that a newer file can still be read.
/// </summary>
internal static class ToldParser
{
    private const int MostDevices = 64, LongestName = 64;
    private const long MostBytes = 1L << 50, MostNanoseconds = 1L << 62;
    private const double LeastPeriod = 0.04, MostPeriod = 70;
    private static readonly SearchValues<byte> OfNames = SearchValues.Create("0123456789abcdefABCDEF-:."u8);

    /// <returns>The reason why it is none; null: <paramref name="told"/> is there.</returns>
    public static string? Parse(ReadOnlySpan<byte> json, out Told? told)
    {
        told = null;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            return File(ref reader, out told);
        }
        catch (JsonException)
        {
            return "it is no JSON";
        }
    }

    private static string? File(ref Utf8JsonReader reader, out Told? told)
    {
        told = null;
        long? version = null, at = null;
        double? period = null;
        ImmutableArray<ToldDevice>? devices = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "it is no JSON object";
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Is(ref reader, "version"u8))
            {
                version = Number(ref reader, int.MaxValue);
            }
            else if (Is(ref reader, "monotonic_ns"u8))
            {
                at = Number(ref reader, MostNanoseconds);
            }
            else if (Is(ref reader, "period_s"u8))
            {
                period = Period(ref reader);
            }
            else if (Is(ref reader, "devices"u8))
            {
                if (Devices(ref reader, out var found) is { } fault)
                {
                    return fault;
                }
                devices = found;
            }
            else
            {
                reader.Skip();
            }
        }
        // Nothing may follow the object: the reader throws then.
        if (reader.Read() || version != 1 || at is null || period is null || devices is null)
        {
            return version is > 1 ? "it is of a later version" : "version, time, period or devices are missing or out of range";
        }
        told = new(at.Value, (long)(period.Value * 1e9), devices.Value);
        return null;
    }

    private static string? Devices(ref Utf8JsonReader reader, out ImmutableArray<ToldDevice> devices)
    {
        devices = [];
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return "its devices are no list";
        }
        var found = ImmutableArray.CreateBuilder<ToldDevice>(1);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject || found.Count == MostDevices)
            {
                return "its devices are no list of devices, or too many";
            }
            if (Device(ref reader, out var device) is { } fault)
            {
                return fault;
            }
            found.Add(device!);
        }
        devices = found.DrainToImmutable();
        return null;
    }

    private static string? Device(ref Utf8JsonReader reader, out ToldDevice? device)
    {
        long? allocated = null, reserved = null;
        string? uuid = null, bus = null;
        device = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Is(ref reader, "allocated_bytes"u8))
            {
                allocated = Number(ref reader, MostBytes);
            }
            else if (Is(ref reader, "reserved_bytes"u8))
            {
                reserved = Number(ref reader, MostBytes);
            }
            else if (Is(ref reader, "uuid"u8))
            {
                uuid = Name(ref reader);
            }
            else if (Is(ref reader, "pci_bus_id"u8))
            {
                bus = Name(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
        if (allocated is not { } live || reserved is not { } held || live > held)
        {
            return "its live and reserved bytes are missing, out of range, or more live than reserved";
        }
        device = new(uuid, bus, new Bytes(live), new Bytes(held));
        return null;
    }

    /// <summary>Our own keys need no escapes.</summary>
    private static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> key) => !reader.ValueIsEscaped && reader.ValueTextEquals(key);

    private static double? Period(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var seconds) && seconds is >= LeastPeriod and <= MostPeriod)
        {
            return seconds;
        }
        Pass(ref reader);
        return null;
    }

    /// <summary>Null: no whole number from 0 to <paramref name="most"/>.</summary>
    private static long? Number(ref Utf8JsonReader reader, long most)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number >= 0 && number <= most)
        {
            return number;
        }
        Pass(ref reader);
        return null;
    }

    private static string? Name(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && !reader.HasValueSequence && !reader.ValueIsEscaped
            && reader.ValueSpan.Length is > 0 and <= LongestName && !reader.ValueSpan.ContainsAnyExcept(OfNames))
        {
            return reader.GetString();
        }
        Pass(ref reader);
        return null;
    }

    /// <summary>What stands where something else was expected is left behind whole.</summary>
    private static void Pass(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            reader.Skip();
        }
    }
}
