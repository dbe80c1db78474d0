using System.CommandLine;
using System.Globalization;
using GpuWatch.Core.Units;
using GpuWatch.Options;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Commands;

/// <summary>`query`: what the embedded store holds, as csv or json.</summary>
internal static class QueryCommand
{
    private static readonly Option<string> Series = new("--series") { Description = "gpu, process, events or runs", DefaultValueFactory = _ => "gpu" };
    private static readonly Option<string> Since = new("--since") { Description = "how long ago (1h, 7d), a time (2026-01-31T12:00:00Z) or Unix seconds", DefaultValueFactory = _ => "1h" };
    private static readonly Option<string> Until = new("--until") { Description = "the same; default: now" };
    private static readonly Option<int?> Gpu = new("--gpu") { Description = "only this GPU" };
    private static readonly Option<int?> Pid = new("--pid") { Description = "only this process" };
    private static readonly Option<string> Resolution = new("--resolution") { Description = "raw, 10s or 1m; default: the finest that reaches back far enough" };
    private static readonly Option<string> Store = new("--store") { Description = "the database; default: the agent's", HelpName = "FILE" };
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<string> Output = OutputOption.Create("table", "csv", "json", "ndjson");

    static QueryCommand()
    {
        Series.AcceptOnlyFromAmong("gpu", "process", "events", "runs");
        Resolution.AcceptOnlyFromAmong([.. Retention.Levels.Select(level => level.Name)]);
    }

    public static Command Create(Surroundings around)
    {
        var command = new Command("query", "Prints what the embedded store holds: samples, their roll-ups, events or finished runs.")
        {
            Series, Since, Until, Gpu, Pid, Resolution, Store, Config, Output,
        };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var now = (around.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        var since = Moment(parsed.GetRequiredValue(Since), "--since", now);
        var level = parsed.GetValue(Resolution) is { } name
            ? Array.Find(Retention.Levels, known => known.Name == name)
            : Retention.For(since, now);
        var until = parsed.GetValue(Until) is { } end ? Moment(end, "--until", now) : double.MaxValue;
        var question = new StoreQuestion(
            parsed.GetRequiredValue(Series), since, until, level, parsed.GetValue(Gpu), parsed.GetValue(Pid));
        using var store = new StoreQuery(CommonFlags.Store(parsed, Store, Config, around));
        store.Read(question, rows => RowPrinter.Print(rows, parsed.GetRequiredValue(Output), around));
        return around.Stop.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static double Moment(string text, string option, double now)
    {
        if (Duration.TryParse(text, out var ago) && !double.TryParse(text, CultureInfo.InvariantCulture, out _))
        {
            return now - ago.TotalSeconds;
        }
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var unix))
        {
            return unix;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? (time - DateTimeOffset.UnixEpoch).TotalSeconds
            : throw new BadInputException(option, $"\"{Plain.Text(text)}\" is no time", "expected one such as 1h, 2026-01-31T12:00:00Z or 1769860800");
    }
}
