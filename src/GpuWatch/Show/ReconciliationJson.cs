using System.Text.Json;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Show;

/// <summary>The closing account as JSON: peaks, components as far as they are known, and the bridge that sums exactly.</summary>
internal static class ReconciliationJson
{
    public static void Write(Utf8JsonWriter json, Reconciled reconciled)
    {
        json.Count("observed_peak_bytes", reconciled.ObservedPeak?.Count);
        json.Count("estimated_peak_bytes", reconciled.EstimatedPeak?.Count);
        Write(json, "observed", reconciled.Observed, size => size.Likely);
        Write(json, "observed_low", reconciled.Observed, size => size.Low);
        Write(json, "observed_high", reconciled.Observed, size => size.High);
        Write(json, "estimated", reconciled.Estimated);
        Write(json, "residual", Residual(reconciled), size => size.Likely);
        Write(json, "posterior", reconciled.Posterior, size => size.Likely);
        Write(json, "posterior_low", reconciled.Posterior, size => size.Low);
        Write(json, "posterior_high", reconciled.Posterior, size => size.High);
        json.Count("unexplained_bytes", reconciled.Unexplained?.Count);
        Write(json, reconciled.Bridge);
        json.WriteString("judgement", reconciled.Judgement);
    }

    /// <summary>Components under the names of CONTRACTS 4, in bytes; null when they are not known.</summary>
    public static void Write(Utf8JsonWriter json, string name, ByComponent<Bytes>? components)
    {
        if (components is not { } known)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        foreach (var (part, size) in known.Named())
        {
            json.WriteNumber(part, size.Count);
        }
        json.WriteEndObject();
    }

    /// <summary>Observed − estimated, where both are known.</summary>
    private static ByComponent<ByteRange?>? Residual(Reconciled reconciled) =>
        reconciled is { Observed: { } observed, Estimated: { } estimated }
            ? ByComponent<ByteRange?>.Of(part => observed[part] is { } seen ? ByteRange.Exactly(seen.Likely - estimated[part]) : null)
            : null;

    private static void Write(Utf8JsonWriter json, string name, ByComponent<ByteRange?>? components, Func<ByteRange, Bytes> end)
    {
        if (components is not { } known)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        foreach (var (part, size) in known.Named())
        {
            json.Count(part, size is { } range ? end(range).Count : null);
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Bridge bridge)
    {
        json.WriteStartObject("bridge");
        json.Count("processes_bytes", bridge.Processes?.Count);
        json.Count("reserved_bytes", bridge.Reserved?.Count);
        json.Count("unattributed_bytes", bridge.Unattributed?.Count);
        json.WriteNumber("total_less_free_bytes", bridge.TotalLessFree.Count);
        json.WriteEndObject();
    }
}
