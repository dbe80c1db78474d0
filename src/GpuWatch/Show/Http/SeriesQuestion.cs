using System.Globalization;
using GpuWatch.Core.Units;
using Microsoft.AspNetCore.Http;

namespace GpuWatch.Show.Http;

/// <summary>What is asked of /api/v1/series.</summary>
/// <param name="Pid">Null: the device.</param>
/// <param name="FromSeconds">Unix seconds, included; null: as far back as memory goes.</param>
/// <param name="ToSeconds">Unix seconds, excluded; infinite when not given.</param>
/// <param name="Resolution">Null: as in memory, or the finest of the store that reaches back far enough.</param>
internal sealed record SeriesQuestion(int Gpu, int? Pid, double? FromSeconds, double ToSeconds, string? Resolution)
{
    private static readonly string[] Names = ["gpu", "pid", "from", "to", "resolution"];

    /// <exception cref="BadInputException">A parameter is missing, unknown or makes no sense.</exception>
    public static SeriesQuestion Of(IQueryCollection query)
    {
        if (query.Keys.FirstOrDefault(key => !Names.Contains(key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new BadInputException(Plain.Text(unknown), "is no parameter", $"one of {string.Join(", ", Names)} is expected");
        }
        var gpu = Number(query, "gpu") ?? throw new BadInputException("gpu", "is missing", "the index of a GPU is expected");
        var from = Seconds(query, "from");
        var to = Seconds(query, "to") ?? double.PositiveInfinity;
        return from >= to
            ? throw new BadInputException("to", "is not after from", "a range of time is expected")
            : new SeriesQuestion(gpu, Number(query, "pid"), from, to, query.ContainsKey("resolution") ? query["resolution"].ToString() : null);
    }

    public bool Includes(double timeSeconds) => timeSeconds >= (FromSeconds ?? 0) && timeSeconds < ToSeconds;

    private static int? Number(IQueryCollection query, string name) =>
        !query.TryGetValue(name, out var text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Bad(name, text.ToString(), "a whole number");

    private static double? Seconds(IQueryCollection query, string name) =>
        !query.TryGetValue(name, out var text) ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds) ? seconds
        : throw Bad(name, text.ToString(), "a time in Unix seconds");

    private static BadInputException Bad(string name, string text, string expected) => new(name, $"'{Plain.Text(text)}'", $"{expected} is expected");
}

/// <summary>A series from before what memory holds.</summary>
/// <param name="Points">Time and bytes, the highest of each span; oldest first.</param>
internal sealed record PastSeries(string Resolution, IReadOnlyList<(double TimeSeconds, long Bytes)> Points);
