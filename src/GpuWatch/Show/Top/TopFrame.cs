using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Show.Top;

/// <summary>How a line stands out, where the terminal shows colours.</summary>
internal enum Tint { None, Strong, Faint, Warning, Critical }

/// <summary>A line of the screen: inert text, no longer than the screen is wide.</summary>
internal readonly record struct TopLine(string Text, Tint Tint = Tint.None);

/// <summary>The present as a screenful: what is wrong first, then each GPU with who holds it.</summary>
internal static class TopFrame
{
    private const int BarWidth = 24;
    private const int HistoryWidth = 30;
    private const string Levels = "▁▂▃▄▅▆▇█";

    /// <param name="note">What the agent has to say of itself; empty when it has nothing.</param>
    public static IReadOnlyList<TopLine> Of(Present present, string note, int columns, int rows)
    {
        var lines = new List<TopLine> { new(Title(present), Tint.Strong) };
        if (note.Length > 0)
        {
            lines.Add(new(Plain(note), Tint.Faint));
        }
        foreach (var raised in present.Alerts.OrderByDescending(raised => raised.Alert.Severity))
        {
            lines.Add(new(Heading(raised, present), TintOf(raised)));
            lines.AddRange(Wrapped(Plain(raised.Alert.Reason), columns).Select(line => new TopLine(line)));
        }
        foreach (var gpu in present.Gpus)
        {
            lines.Add(new(""));
            Add(lines, gpu, present);
        }
        return Fit(lines, columns, rows);
    }

    private static string Title(Present present)
    {
        var processes = present.Gpus.Sum(gpu => gpu.Processes.Count);
        var when = present.TimeSeconds > 0 ? EventText.When(Math.Floor(present.TimeSeconds)).TrimEnd('0').TrimEnd('.') : "waiting for the first sweep";
        return string.Create(
            CultureInfo.InvariantCulture, $"gpuwatch  {when}  GPUs: {present.Gpus.Count}  processes: {processes}  alerts: {present.Alerts.Count}  (q ends)");
    }

    private static string Heading(AlertRaised raised, Present present)
    {
        var who = raised.Pid is { } pid ? string.Create(CultureInfo.InvariantCulture, $" pid {pid}") : "";
        var when = present.SecondsUntilOom(raised) switch
        {
            null => "",
            < 1 => " at any moment",
            var seconds => string.Create(CultureInfo.InvariantCulture, $" in about {seconds:0} s"),
        };
        return string.Create(
            CultureInfo.InvariantCulture, $"{raised.Alert.Severity.Name().ToUpperInvariant()}  {raised.Alert.Kind.Name()}{when}  GPU {raised.Gpu}{who}");
    }

    /// <summary>Indented lines of whole words; a word longer than a line is cut with it.</summary>
    private static IEnumerable<string> Wrapped(string text, int columns)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > columns)
            {
                yield return line;
                line = "";
            }
            line = line.Length == 0 ? "  " + word : $"{line} {word}";
        }
        yield return line;
    }

    private static void Add(List<TopLine> lines, LiveGpu gpu, Present present)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"GPU {gpu.Info.Index}  {Core.Units.Plain.Text(gpu.Info.Name ?? "unnamed")}  ");
        if (gpu.Frame is not { } frame)
        {
            lines.Add(new($"{name}no data: {Plain(gpu.Fault?.Reason ?? "not read yet")}", gpu.Fault is null ? Tint.Faint : Tint.Critical));
            return;
        }
        lines.Add(new(name + Memory(frame) + "  " + Recent(gpu.History, frame), Tint.Strong));
        if (gpu.Processes.Count > 0)
        {
            AddProcesses(lines, gpu, present);
        }
    }

    private static string Memory(GpuFrame frame)
    {
        var used = frame.Total - frame.Available;
        var share = frame.Total > Bytes.Zero ? Math.Clamp(used / frame.Total, 0, 1) : 0;
        var full = (int)Math.Round(share * BarWidth);
        return string.Create(CultureInfo.InvariantCulture, $"{new string('█', full)}{new string('░', BarWidth - full)} {share,4:0 %}  {used} of {frame.Total}");
    }

    /// <summary>The last seconds as bars, each a step of an eighth of the card.</summary>
    private static string Recent(History history, GpuFrame frame) => string.Concat(
        Enumerable.Range(1 - HistoryWidth, HistoryWidth)
            .Select(second => history.At(frame.TimeSeconds + second))
            .OfType<long>()
            .Select(used => Levels[Math.Clamp((int)(used / (double)Math.Max(1, frame.Total.Count) * Levels.Length), 0, Levels.Length - 1)]));

    private static void AddProcesses(List<TopLine> lines, LiveGpu gpu, Present present)
    {
        var table = new TextTable(">PID", "USER", ">USED", ">PEAK", "PHASE", ">PREDICTED", ">OOM 1 MIN", ">10 MIN", "COMMAND");
        var tints = new List<Tint> { Tint.Faint };
        foreach (var process in gpu.Processes.Values.OrderByDescending(process => process.Reading.Used ?? Bytes.Zero))
        {
            var facts = process.Facts;
            table.Add(
                facts.Pid.ToString(CultureInfo.InvariantCulture),
                facts.User,
                process.Reading.Used?.ToString() ?? "unknown",
                new Bytes(process.PeakBytes).ToString(),
                process.Phase?.Name(),
                process.Forecast is { } forecast ? Bytes.Max(forecast.PredictedPeak.Likely, new Bytes(process.PeakBytes)).ToString() : null,
                Percent(process.Forecast?.OomWithin60s),
                Percent(process.Forecast?.OomWithin600s),
                facts.CommandLine ?? facts.Name);
            tints.Add(present.Alerts.Where(raised => raised.Gpu == gpu.Info.Index && raised.Pid == facts.Pid).Select(TintOf).DefaultIfEmpty().Max());
        }
        var text = new StringWriter();
        table.WriteTo(text, "  ");
        lines.AddRange(text.ToString().TrimEnd('\n').Split('\n').Zip(tints, (line, tint) => new TopLine(line, tint)));
    }

    private static string? Percent(double? chance) => chance is { } known ? known.ToString("0 %", CultureInfo.InvariantCulture) : null;

    private static Tint TintOf(AlertRaised raised) => raised.Alert.Severity == Severity.Critical ? Tint.Critical : Tint.Warning;

    private static List<TopLine> Fit(List<TopLine> lines, int columns, int rows)
    {
        var more = lines.Count - rows;
        if (more > 0 && rows > 0)
        {
            lines.RemoveRange(rows - 1, more + 1);
            lines.Add(new(string.Create(CultureInfo.InvariantCulture, $"… and {more + 1} lines more, for a taller window"), Tint.Faint));
        }
        return lines.ConvertAll(line => line.Text.Length <= columns ? line : line with { Text = line.Text[..Math.Max(0, columns)] });
    }

    /// <summary>Sentences of ours may quote names of processes; they are longer than a name may be.</summary>
    private static string Plain(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '·' : letter));
}
