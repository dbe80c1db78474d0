using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

/// <summary>One mistake a test: one line on stderr with the place and the expectation, exit code 2, and what came before is not lost.</summary>
public sealed class ReplayMistakesTests : IDisposable
{
    private const string Header = "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n";
    private const string Good = "0,0,7,20,60,100,,\n";
    private const string Smi = "timestamp, index, memory.used [MiB], memory.free [MiB], memory.total [MiB]\n";
    private const string SmiGood = "2023/06/22 18:56:56.252, 0, 841 MiB, 7140 MiB, 8192 MiB\n";
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("cut in a row", Header + Good + "1,0,7,20,6", 3, "ends in the middle of a row")]
    [InlineData("too few fields", Header + Good + "1,0,7\n2,0,7,20,60,100,,\n", 3, "a row of 3 fields; expected 8")]
    [InlineData("too many fields", Header + Good + "1,0,7,20,60,100,,,,\n", 3, "a row of 10 fields")]
    [InlineData("negative size", Header + Good + "1,0,7,-20,60,100,,\n", 3, "used_bytes -20 is negative")]
    [InlineData("negative pid", Header + Good + "1,0,-7,20,60,100,,\n", 3, "pid -7 is negative")]
    [InlineData("negative time", Header + "-1,0,7,20,60,100,,\n", 2, "time_s \"-1\" is negative")]
    [InlineData("time not a number", Header + Good + "later,0,7,20,60,100,,\n", 3, "time_s \"later\" is not a number; expected seconds")]
    [InlineData("time not finite", Header + Good + "NaN,0,7,20,60,100,,\n", 3, "time_s \"NaN\" is not a number")]
    [InlineData("size not a number", Header + Good + "1,0,7,abc,60,100,,\n", 3, "used_bytes \"abc\" is not a whole number")]
    [InlineData("size too large", Header + Good + "1,0,7,99999999999999999999,60,100,,\n", 3, "is not a whole number")]
    [InlineData("size empty", Header + Good + "1,0,7,20,,100,,\n", 3, "device_used_bytes is empty")]
    [InlineData("time backwards", Header + "5,0,7,20,60,100,,\n4.5,0,7,20,60,100,,\n", 3, "time runs backwards: 4.5 s after 5 s")]
    [InlineData("used above total", Header + Good + "1,0,7,20,101,100,,\n", 3, "device_used_bytes 101 is more than device_total_bytes 100")]
    [InlineData("process twice", Header + Good + "1,0,7,20,60,100,,\n1,0,7,21,60,100,,\n", 4, "process 7 is told twice")]
    [InlineData("device contradicts itself", Header + Good + "1,0,7,20,60,100,,\n1,0,8,21,61,100,,\n", 4, "60 of 100 and 61 of 100 bytes at the same time")]
    [InlineData("quote not closed", Header + Good + "1,0,\"7,20,60,100,,\n", 3, "a row of")]
    [InlineData("escape sequence in a field", Header + Good + "1,0,\u001b[31m,20,60,100,,\n", 3, "pid \"·[31m\" is not a whole number")]
    [InlineData("column missing", "time_s,gpu,pid,used_bytes,device_used_bytes\n0,0,7,20,60\n", 1, "no column device_total_bytes")]
    [InlineData("time column missing", "gpu,pid,used_bytes,device_used_bytes,device_total_bytes\n0,7,20,60,100\n", 1, "no column time_s")]
    [InlineData("no header", Good, 1, "no column that a recording has")]
    [InlineData("some other text", "Dear reader,\nthis is a letter.\n", 1, "no column that a recording has")]
    [InlineData("nothing but comments", "# nothing\n\n", 2, "nothing but comments")]
    [InlineData("smi: timestamp missing", "index, memory.used [MiB], memory.total [MiB]\n0, 1 MiB, 2 MiB\n", 1, "no timestamp column")]
    [InlineData("smi: memory missing", "timestamp, index, utilization.gpu [%]\n2023/06/22 18:56:56.252, 0, 5 %\n", 1, "no memory.used and no memory.free column")]
    [InlineData("smi: total missing", "timestamp, memory.used [MiB]\n2023/06/22 18:56:56.252, 5 MiB\n", 1, "no memory.total and no memory.free column")]
    [InlineData("smi: bad timestamp", Smi + SmiGood + "2023/13/22 18:56:56.252, 0, 841 MiB, 7140 MiB, 8192 MiB\n", 3, "is not a time")]
    [InlineData("smi: time backwards", Smi + SmiGood + "2023/06/22 18:56:55.252, 0, 841 MiB, 7140 MiB, 8192 MiB\n", 3, "time runs backwards")]
    [InlineData("smi: negative", Smi + SmiGood + "2023/06/22 18:56:57.252, 0, -841 MiB, 7140 MiB, 8192 MiB\n", 3, "memory.used \"-841 MiB\" is negative")]
    [InlineData("smi: strange unit", Smi + SmiGood + "2023/06/22 18:56:57.252, 0, 841 parsecs, 7140 MiB, 8192 MiB\n", 3, "is not a size")]
    [InlineData("smi: used above total", Smi + SmiGood + "2023/06/22 18:56:57.252, 0, 9000 MiB, 0 MiB, 8192 MiB\n", 3, "more is used than there is")]
    [InlineData("smi: used and free above total", Smi + SmiGood + "2023/06/22 18:56:57.252, 0, 5000 MiB, 5000 MiB, 8192 MiB\n", 3, "are more than the total")]
    [InlineData("smi: index not a number", Smi + SmiGood + "2023/06/22 18:56:57.252, zero, 841 MiB, 7140 MiB, 8192 MiB\n", 3, "index \"zero\"")]
    [InlineData("smi: cut in a row", Smi + SmiGood + "2023/06/22 18:56:57.252, 0, 84", 3, "ends in the middle of a row")]
    [InlineData("smi: two cards without a name", "timestamp, memory.used [MiB], memory.total [MiB]\n2023/06/22 18:56:56.252, 1 MiB, 9 MiB\n2023/06/22 18:56:56.254, 1 MiB, 8 MiB\n", 3, "expected an index, uuid or pci.bus_id column")]
    public void A_mistake_is_named_with_its_place_and_what_is_expected(string mistake, string text, int line, string problem)
    {
        var file = folder.File($"{mistake}.csv", text);

        var (code, output, error) = Gpuwatch.Run("replay", file, "--output", "ndjson");

        Assert.Equal(2, code);
        Assert.StartsWith($"gpuwatch: {file}:{line}: ", error);
        Assert.Contains(problem, error);
        Assert.Contains("; expected ", error);
        Assert.Equal('\n', Assert.Single(error, letter => char.IsControl(letter)));
        Assert.Equal(line >= 3, output.Length > 0);
    }

    [Fact]
    public void Events_before_the_mistake_are_those_of_the_file_that_ends_there()
    {
        var whole = folder.File("whole.csv", Header + Good + "1,0,7,20,60,100,,\n2,0,7,40,80,100,,\n");
        var broken = folder.File("broken.csv", File.ReadAllText(whole) + "3,0,7,broken\n");

        Assert.Equal(Gpuwatch.Run("replay", whole, "--output", "ndjson").Out, Gpuwatch.Run("replay", broken, "--output", "ndjson").Out);
    }

    [Fact]
    public void A_binary_file_is_no_text()
    {
        var file = folder.File("core", [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0]);

        Assert.Equal((2, "", $"gpuwatch: {file}:1: not text: byte 2 at offset 4; expected CSV as UTF-8 or UTF-16\n"), Gpuwatch.Run("replay", file));
    }

    [Fact]
    public void A_line_without_end_is_refused_before_it_fills_the_memory()
    {
        var file = folder.File("long.csv", Header + new string('9', 3 << 20));

        var (code, _, error) = Gpuwatch.Run("replay", file);

        Assert.Equal(2, code);
        Assert.StartsWith($"gpuwatch: {file}:2: a line is longer than 1 MiB; expected ", error);
    }

    [Fact]
    public void A_compressed_file_says_what_it_is()
    {
        var file = folder.File("log.csv.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);

        Assert.StartsWith($"gpuwatch: {file}:1: ", Gpuwatch.Run("replay", file).Error);
    }

    [Fact]
    public void No_file_a_folder_and_an_empty_file_are_told_apart()
    {
        Assert.Contains("there is no such file; expected", Gpuwatch.Run("replay", folder.File("none.csv")).Error);
        Assert.Contains("is a folder; expected", Gpuwatch.Run("replay", folder.Path).Error);
        Assert.Contains(":1: the file is empty; expected", Gpuwatch.Run("replay", folder.File("empty.csv", "")).Error);
    }

    [Theory]
    [InlineData("--speed", "fast", "\"fast\" is no speed")]
    [InlineData("--speed", "0", "0 is not above 0")]
    [InlineData("--total-mib", "-5", "-5 is not above 0")]
    [InlineData("--columns", "memory.used", "no timestamp column")]
    [InlineData("--job", "no-such-job.yaml", "no-such-job.yaml")]
    public void A_wrong_option_is_named(string option, string value, string problem)
    {
        var file = folder.File("log.csv", "timestamp, memory.used [MiB], memory.free [MiB]\n" + "2023/06/22 18:56:56.252, 841 MiB, 7140 MiB\n");

        var (code, output, error) = Gpuwatch.Run("replay", file, option, value);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(problem, error);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    public void Dispose() => folder.Dispose();
}
