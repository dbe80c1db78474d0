using System.Globalization;
using System.Text.RegularExpressions;
using GpuWatch.Core.Calibrate;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>A row of a table of jobs whose peaks were measured.</summary>
/// <param name="Run">Null when the row has no peak, is marked as doubtful, sat on the card's limit, or cannot be estimated.</param>
internal readonly record struct MeasuredRow(Job Job, string Source, string Metric, Bytes Peak, MeasuredRun? Run);

/// <summary>
/// Reads measured runs: the columns of CONTRACTS 3, `peak_gib` and `metric`, and if there are any `source_name`, `driver`, `framework` and `notes`. A note that begins
/// with q=B or q=C marks a doubtful row, which is passed over.
/// </summary>
internal static partial class MeasuredTable
{
    /// <summary>A device that is this full shows its own size, not the job's need.</summary>
    private const double Saturated = 0.95;

    /// <summary>No GPU comes near it.</summary>
    private const double MostGiB = 1e6;

    /// <summary>Why a file that lies beside measured runs is none of them; null where it has a column peak_gib.</summary>
    public static string? WhyNot(string path)
    {
        try
        {
            using var table = JobTable.Open(path);
            return table.Columns.Contains("peak_gib") ? null : $"{path}: it has no column peak_gib";
        }
        catch (BadInputException mistake)
        {
            return mistake.Message;
        }
    }

    /// <param name="passedOver">Takes FILE:LINE and why, for each row that no profile can be fitted on.</param>
    /// <exception cref="BadInputException">The file cannot be read, or has no peaks.</exception>
    public static List<MeasuredRow> Read(string path, Action<string>? passedOver = null)
    {
        using var table = JobTable.Open(path);
        var (peak, source, notes) = (table.Columns.IndexOf("peak_gib"), table.Columns.IndexOf("source_name"), table.Columns.IndexOf("notes"));
        var (driver, framework) = (table.Columns.IndexOf("driver"), table.Columns.IndexOf("framework"));
        if (peak < 0)
        {
            throw new BadInputException($"{path}:1", "there is no column peak_gib", "expected the measured peak of each run in GiB, and its metric");
        }
        var rows = new List<MeasuredRow>();
        foreach (var row in table.Rows(path))
        {
            var good = notes < 0 || !row.Fields[notes].StartsWith("q=", StringComparison.Ordinal) || row.Fields[notes].StartsWith("q=A", StringComparison.Ordinal);
            if (row.Job is not { } job)
            {
                passedOver?.Invoke(row.Error!);
            }
            else if (!good)
            {
                passedOver?.Invoke($"{path}:{row.Line}: its notes mark it as doubtful; expected q=A, or no mark");
            }
            else if (!double.TryParse(row.Fields[peak], NumberStyles.Float, CultureInfo.InvariantCulture, out var gib) || gib is not (> 0 and < MostGiB))
            {
                passedOver?.Invoke($"{path}:{row.Line}: peak_gib is '{Plain.Text(row.Fields[peak])}'; expected the measured peak in GiB");
            }
            else
            {
                var (run, error) = Of(job, source < 0 ? Path.GetFileNameWithoutExtension(path) : Origin(row.Fields[source]), Bytes.FromGiB(gib), Told(driver), Told(framework));
                rows.Add(run);
                if (error is not null)
                {
                    passedOver?.Invoke($"{path}:{row.Line}: {error}");
                }
            }

            string? Told(int column) => column >= 0 && row.Fields[column] is { Length: > 0 } told ? told : null;
        }
        return rows;
    }

    private static (MeasuredRow Row, string? Error) Of(Job job, string source, Bytes peak, string? driver, string? framework)
    {
        var (run, error) = Measured(job, source, peak);
        return (new(job, source, job.Metric ?? "nvml", peak, run is null ? null : run with { Driver = driver, Framework = framework }), error);
    }

    /// <returns>Null when it sat on the card's limit, saw nothing, or cannot be estimated.</returns>
    public static MeasuredRun? Run(Job job, string source, Bytes peak, string? driver = null, string? framework = null) =>
        Measured(job, source, peak).Run is not { } run ? null : run with { Driver = driver, Framework = framework };

    private static (MeasuredRun? Run, string? Error) Measured(Job job, string source, Bytes peak)
    {
        var quantity = job.Metric switch
        {
            "torch_max_allocated" => Quantity.Allocated,
            "torch_max_reserved" or "unknown" => Quantity.Reserved,
            _ => Quantity.Device,
        };
        var full = quantity is Quantity.Device && job.GpuMemGb is { } gb && peak.GiB > Saturated * gb;
        return peak.Count <= 0 ? (null, "nothing was seen of it; expected its peak")
            : full ? (null, $"its peak of {peak} is the card's own size; expected a run that the card does not limit")
            : MeasuredRun.Of(job, source, quantity, peak);
    }

    /// <summary>The source without its remark: "benchmarks (refs/a100.csv)" and "benchmarks (refs/h100.csv)" are one.</summary>
    private static string Origin(string source) => Remark().Replace(source, "").Trim();

    [GeneratedRegex(@"\(.*")]
    private static partial Regex Remark();
}
