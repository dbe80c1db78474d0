using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class CalibrateCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Each_row_that_is_passed_over_is_told_with_its_place_and_why()
    {
        var runs = folder.File("runs.csv", "id,model_name,method,micro_batch,metric,gpu_mem_gb,peak_gib,notes\n"
            + "a,gpt2,full,1,nvml,,4.1,\nb,gpt2,full,2,nvml,,abc,\nc,gpt2,full,2,nvml,,-3,\nd,gpt2,full,2,nvml,,,\ne,no-such-model,full,2,nvml,,4,\n"
            + "f,gpt2,full,2,nvml,24,23.9,\ng,gpt2,full,2,nvml,,4,q=C doubtful\nh,gpt2,full,x,nvml,,4,\n");

        var (code, _, error) = Gpuwatch.Run("calibrate", "--runs", runs, "--out", folder.File("profile.json"));

        Assert.Equal(0, code);
        var lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal([3, 4, 5, 6, 7, 8, 9], lines.Select(line => int.Parse(line.Split($"{runs}:")[1].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.All(lines.Zip((string[])["'abc'", "'-3'", "''", "not in the catalogue", "card's own size", "doubtful", "micro_batch is 'x'"]), pair => Assert.Contains(pair.Second, pair.First));
    }

    [Fact]
    public void Of_a_folder_the_tables_without_peaks_are_named_and_passed_over()
    {
        folder.File("a.csv", "t_s,used_mib\n0,1\n");
        folder.File("b.csv", "id,model_name,method\na,gpt2,full\n");
        var runs = Path.GetDirectoryName(folder.File("c.csv", "id,model_name,method,metric,peak_gib\na,gpt2,full,nvml,4.1\n"))!;
        var (code, _, error) = Gpuwatch.Run("calibrate", "--runs", runs, "--out", folder.File("profile.json"));
        Assert.Equal(0, code);
        Assert.Contains("a.csv:1: no column is a key of the job vocabulary", error, StringComparison.Ordinal);
        Assert.Contains("b.csv: it has no column peak_gib", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_very_many_such_rows_the_first_are_told_and_the_others_are_counted()
    {
        var runs = folder.File("runs.csv", "id,model_name,method,metric,peak_gib\na,gpt2,full,nvml,4.1\n" + string.Concat(Enumerable.Repeat("b,gpt2,full,nvml,abc\n", 100)));

        var lines = Gpuwatch.Run("calibrate", "--runs", runs, "--out", folder.File("profile.json")).Error.TrimEnd('\n').Split('\n');

        Assert.Equal(21, lines.Length);
        Assert.Contains("80 more", lines[^1]);
    }
}
