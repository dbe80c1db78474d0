using System.Globalization;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class AccuracyCommandTests
{
    private const string Shipped = "## Shipped profile, in sample";

    [Fact]
    public void Runs_that_measured_what_is_estimated_are_told_to_be_without_error()
    {
        var row = Row(Report(times: 1), Shipped, "allocated");
        Assert.Equal(["allocated", "6", "0.0 %", "0.0 %", "0.0 %"], row[..5]);
        Assert.Equal(["0 %", "100 %"], row[6..]);
    }

    [Fact]
    public void Runs_that_needed_twice_what_is_estimated_are_told_to_be_too_low()
    {
        var row = Row(Report(times: 2), Shipped, "allocated");
        Assert.Equal(("50.0 %", "-50.0 %", "100 %"), (row[3], row[5], row[6]));
    }

    [Fact]
    public void Every_table_says_whether_its_profile_had_seen_the_rows()
    {
        var report = Report(times: 1);
        Assert.Contains("## Whole sources left out\n\nThe profile, and the intervals, are fitted on the *other* sources only.", report);
        Assert.Contains("in sample\n\nThe shipped profile was fitted on these rows; other rows are the better judge.", report);
        Assert.Contains("## Priors, nothing fitted", report);
    }

    [Fact]
    public void A_folder_without_measurements_is_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = Gpuwatch.Run("accuracy", "--data", folder.Path);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("gpuwatch: ", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static string Report(double times)
    {
        using var folder = new TemporaryFolder();
        var rows = Enumerable.Range(1, 6).Select(batch =>
        {
            var job = new Job { ModelName = "meta-llama/Llama-3.2-1B", Method = "lora", LoraRank = 8, LoraTargets = "q,v", MicroBatch = batch, SeqLen = 512 };
            var peak = Estimator.Estimate(job).Plan!.PeakAllocated.Likely.GiB * times;
            return string.Create(CultureInfo.InvariantCulture, $"{batch},here,{job.ModelName},lora,8,\"q,v\",{batch},512,torch_max_allocated,{peak:0.000000}");
        });
        File.WriteAllLines(
            Path.Combine(folder.Path, "measured.csv"),
            ["id,source_name,model_name,method,lora_rank,lora_targets,micro_batch,seq_len,metric,peak_gib", .. rows]);
        var (code, output, error) = Gpuwatch.Run("accuracy", "--data", folder.Path);
        Assert.Equal((0, ""), (code, error));
        return output.ReplaceLineEndings("\n");
    }

    private static string[] Row(string report, string section, string name) =>
        report[report.IndexOf(section, StringComparison.Ordinal)..].Split('\n').First(line => line.StartsWith($"| {name} |", StringComparison.Ordinal))
            .Trim('|').Split('|', StringSplitOptions.TrimEntries);
}
