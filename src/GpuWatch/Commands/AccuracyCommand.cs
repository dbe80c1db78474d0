using System.CommandLine;
using System.Globalization;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>`accuracy`: the accuracy report, made from measured runs and recorded steps.</summary>
internal static class AccuracyCommand
{
    public static Command Create(Surroundings around)
    {
        var data = new Option<string>("--data") { Description = "folder with measured.csv, and if there is one autograd.csv or recorded_steps.csv", HelpName = "DIR", Required = true };
        var report = new Option<string?>("--out") { Description = "the report, Markdown; default: standard output", HelpName = "FILE.md" };
        var command = new Command("accuracy", "Writes how accurate the estimates are, from measured runs.") { data, report };
        command.SetAction(parsed => Run(parsed.GetValue(data)!, parsed.GetValue(report), around));
        return command;
    }

    private static int Run(string folder, string? target, Surroundings around)
    {
        var rows = MeasuredTable.Read(Path.Combine(folder, "measured.csv"));
        if (target is null)
        {
            AccuracyReport.Write(around.Out, folder, rows);
            return ExitCode.Done;
        }
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        AccuracyReport.Write(text, folder, rows);
        try
        {
            File.WriteAllText(target, text.ToString());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(target, Plain.Text(fault.Message), "expected a file that can be written");
        }
        return ExitCode.Done;
    }
}
