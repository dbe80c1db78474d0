using System.Globalization;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Commands;

/// <summary>One answer in the form that was asked for.</summary>
internal static class EstimateOutput
{
    public static void Write(Estimated answer, string form, bool advise, TextWriter output)
    {
        switch (form)
        {
            case "json" or "ndjson":
                new EstimateJson(output, form == "json").Write(answer, advise);
                break;
            case "csv":
                EstimateCsv.WriteHeader(output);
                EstimateCsv.Write(output, answer.Job.Id, answer.Job, answer.Plan);
                break;
            default:
                EstimateTable.Write(answer, output);
                if (advise)
                {
                    output.WriteLine();
                    output.WriteLine("Changes, the least costly that fit first:");
                    EstimateSections.WriteAdvice(answer, output);
                }
                break;
        }
    }
}

/// <summary>Plans as CSV: a line each, or the error of a row.</summary>
internal static class EstimateCsv
{
    public static void WriteHeader(TextWriter output) => output.WriteLine(string.Join(',',
        ["id", "peak_allocated_bytes", "peak_reserved_bytes", "peak_device_bytes", "low_bytes", "high_bytes", "peak_phase",
            .. Components.All.Select(component => $"{component.Name()}_bytes"), "error"]));

    public static void Write(TextWriter output, string? id, Job job, Plan plan)
    {
        var range = EstimateJson.Measured(plan, job.Metric);
        output.WriteLine(string.Join(',',
            [Quoted(id ?? ""), Text(plan.PeakAllocated.Likely.Count), Text(plan.PeakReserved.Likely.Count), Text(plan.PeakDevice.Likely.Count),
                Text(range.Low.Count), Text(range.High.Count), EstimateJson.Name(plan.PeakPhase),
                .. plan.Components.Named().Select(part => Text(part.Size.Count)), ""]));
    }

    public static void WriteError(TextWriter output, string? id, string error) =>
        output.WriteLine($"{Quoted(id ?? "")}{new string(',', 6 + Components.All.Count + 1)}{Quoted(error)}");

    private static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
}
