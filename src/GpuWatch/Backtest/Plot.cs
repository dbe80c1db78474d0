using System.Globalization;
using System.Text;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Backtest;

/// <summary>One job as a small drawing: what it held, what it could hold at most, what was said when, and its end.</summary>
internal static class Plot
{
    private const int Width = 340;
    private const int Height = 130;
    /// <summary>More points than pixels show nothing more.</summary>
    private const int MostPoints = 340;

    public static string Svg(Outcome outcome)
    {
        var frames = outcome.Job.Frames;
        var start = frames[0].TimeSeconds;
        var span = Math.Max(1e-3, frames[^1].TimeSeconds - start);
        var top = frames.Max(Capacity);
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\">");
        Line(svg, "room", frames, Capacity);
        Line(svg, "used", frames, Used);
        foreach (var raised in outcome.Raised.Where(raised => raised.Alert.Kind == AlertKind.OomRisk))
        {
            Mark(svg, raised.Alert.Severity.ToString().ToLowerInvariant(), raised.TimeSeconds);
        }
        if (outcome.Job.Truth.OomAtSeconds is { } end)
        {
            Mark(svg, "end", end);
        }
        return svg.Append("</svg>").ToString();

        double X(double time) => (time - start) / span * Width;

        void Line(StringBuilder to, string name, GpuFrame[] of, Func<GpuFrame, double> value)
        {
            to.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{name}\" points=\"");
            foreach (var frame in Highest(of, value))
            {
                to.Append(CultureInfo.InvariantCulture, $"{X(frame.TimeSeconds):0.#},{Height - value(frame) / top * (Height - 4):0.#} ");
            }
            to.Append("\"/>");
        }

        void Mark(StringBuilder to, string name, double time) =>
            to.Append(CultureInfo.InvariantCulture, $"<line class=\"{name}\" x1=\"{X(time):0.#}\" x2=\"{X(time):0.#}\" y1=\"0\" y2=\"{Height}\"/>");
    }

    private static double Used(GpuFrame frame) => frame.Processes.IsEmpty ? 0 : frame.Processes[0].Used?.GiB ?? 0;

    private static double Capacity(GpuFrame frame) => Used(frame) + frame.Available.GiB;

    /// <summary>The highest frame of each pixel: peaks must not be thinned away.</summary>
    private static IEnumerable<GpuFrame> Highest(GpuFrame[] frames, Func<GpuFrame, double> value) =>
        frames.Chunk(Math.Max(1, frames.Length / MostPoints)).Select(chunk => chunk.MaxBy(value)!);
}
