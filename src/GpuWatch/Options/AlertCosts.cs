using System.CommandLine;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Units;

namespace GpuWatch.Options;

/// <summary>What a run that dies unwarned costs, and what a page for one that lives does, in one unit: from the two follows at which probability a person is paged.</summary>
/// <param name="Miss">Above 0. Default 1.</param>
/// <param name="FalseAlarm">Above 0. Default 2, so that two chances in three page, and even ones warn.</param>
internal readonly record struct AlertCosts(double Miss, double FalseAlarm)
{
    private const double Least = 0.001;
    private const double Most = 1000;

    public static AlertCosts Default { get; } = new(WatchOptions.Default.MissCost, WatchOptions.Default.FalseAlarmCost);

    public static Option<double?> MissFlag() => new("--miss-cost") { Description = "what a run that dies unwarned costs, beside --false-alarm-cost; default 1", HelpName = "COST" };

    public static Option<double?> FalseAlarmFlag() => new("--false-alarm-cost") { Description = "what a page for a run that lives costs; default 2: two chances in three page", HelpName = "COST" };

    public static AlertCosts From(SettingsSection section) => new(
        section.Number("miss_cost", Default.Miss, Least, Most),
        section.Number("false_alarm_cost", Default.FalseAlarm, Least, Most));

    /// <summary>As two flags say; the default where one says nothing.</summary>
    public static AlertCosts From(double? miss, double? falseAlarm) =>
        new(InRange(miss, Default.Miss, "--miss-cost"), InRange(falseAlarm, Default.FalseAlarm, "--false-alarm-cost"));

    public WatchOptions In(WatchOptions options) => options with { MissCost = Miss, FalseAlarmCost = FalseAlarm };

    private static double InRange(double? value, double byDefault, string flag) =>
        value is not { } given ? byDefault
        : given is >= Least and <= Most ? given
        : throw new BadInputException(flag, FormattableString.Invariant($"{given} is no cost"), FormattableString.Invariant($"expected a number from {Least} to {Most}"));
}
