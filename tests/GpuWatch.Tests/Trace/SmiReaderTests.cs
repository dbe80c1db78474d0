using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;
using GpuWatch.Trace;

namespace GpuWatch.Tests.Trace;

public sealed class SmiReaderTests : IDisposable
{
    private const double At = 1687460216.252;
    private readonly TemporaryFolder folder = new();
    private readonly List<string> notes = [];

    [Theory]
    [InlineData("timestamp, memory.used [MiB], memory.free [MiB], memory.total [MiB]\n2023/06/22 18:56:56.252, 841 MiB, 7140 MiB, 8192 MiB\n")]
    [InlineData("memory.total [MiB], name, timestamp, memory.free [MiB], memory.used [MiB]\n8192 MiB, NVIDIA RTX, 2023/06/22 18:56:56.252, 7140 MiB, 841 MiB\n")]
    [InlineData("timestamp, memory.used, memory.free, memory.total\n2023/06/22 18:56:56.252, 841, 7140, 8192\n")]
    [InlineData("timestamp, memory.used [MiB], memory.free [MiB], memory.reserved [MiB]\n2023-06-22T18:56:56.252Z, 841, 7140, 211\n")]
    [InlineData("timestamp,used_bytes,free_mib,total_kib\n1687460216.252,881852416,7140,8388608\n")]
    public void Every_dialect_of_one_reading_is_the_same_frame(string log)
    {
        var frame = Read(log).Single().Gpus[0].Frame!;

        Assert.Equal(At, frame.TimeSeconds);
        Assert.Equal((MiB(8192), MiB(841), MiB(211), MiB(7140)), (frame.Total, frame.Used, frame.Reserved!.Value, frame.Free!.Value));
        Assert.Equal([new ProcessReading(null, MiB(841))], frame.Processes.AsEnumerable());
    }

    [Fact]
    public void A_log_without_a_header_is_read_by_the_names_given()
    {
        var frame = Read("2023/06/22 18:56:56.252, 0, 841, 7140\n", "timestamp,index,memory.used,memory.free").Single().Gpus[0].Frame!;

        Assert.Equal((At, MiB(841), MiB(7981)), (frame.TimeSeconds, frame.Used, frame.Total));
    }

    [Fact]
    public void Utf16_as_powershell_writes_it_is_read()
    {
        var log = "timestamp, memory.used [MiB], memory.total [MiB]\r\n2023/06/22 18:56:56.252, 841 MiB, 8192 MiB\r\n";
        var file = folder.File("log.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(log)]);

        Assert.Equal(MiB(841), Recording.Read(file, new RecordingOptions(), notes.Add).Single().Gpus[0].Frame!.Used);
    }

    [Fact]
    public void A_header_between_rows_may_change_the_columns()
    {
        var sweeps = Read(
            "timestamp, memory.used [MiB], memory.total [MiB]\n2023/06/22 18:56:56.000, 1 MiB, 9 MiB\n"
            + "timestamp, memory.total [MiB], memory.used [MiB]\n2023/06/22 18:56:57.000, 9 MiB, 2 MiB\n");

        Assert.Equal([MiB(1), MiB(2)], sweeps.Select(sweep => sweep.Gpus[0].Frame!.Used));
    }

    [Theory]
    [InlineData("index", "3", "1", 3, 1)]
    [InlineData("uuid", "GPU-b", "GPU-a", 0, 1)]
    [InlineData("pci.bus_id", "00000000:81:00.0", "00000000:01:00.0", 0, 1)]
    public void Gpus_are_told_apart_by_index_or_in_order_of_appearance(string column, string first, string second, int firstGpu, int secondGpu)
    {
        var sweeps = Read(
            $"timestamp, {column}, memory.used [MiB], memory.total [MiB]\n2023/06/22 18:56:56.001, {first}, 1 MiB, 9 MiB\n"
            + $"2023/06/22 18:56:56.000, {second}, 2 MiB, 9 MiB\n2023/06/22 18:56:57.000, {first}, 3 MiB, 9 MiB\n");

        var read = sweeps.SelectMany(sweep => sweep.Gpus).OrderBy(outcome => outcome.Frame!.Used.Count).ToList();
        Assert.Equal([firstGpu, secondGpu, firstGpu], read.Select(outcome => outcome.Gpu));
        Assert.Equal(sweeps.Select(sweep => sweep.TimeSeconds).Order(), sweeps.Select(sweep => sweep.TimeSeconds));
    }

    [Fact]
    public void Two_rows_within_the_clocks_resolution_are_one_reading_with_the_larger_use()
    {
        var sweeps = Read(
            "timestamp, memory.used [MiB], memory.total [MiB]\n2023/06/22 18:56:56, 5 MiB, 9 MiB\n2023/06/22 18:56:56, 7 MiB, 9 MiB\n"
            + "2023/06/22 18:56:56, 6 MiB, 9 MiB\n2023/06/22 18:56:57, 1 MiB, 9 MiB\n");

        Assert.Equal([MiB(7), MiB(1)], sweeps.Select(sweep => sweep.Gpus[0].Frame!.Used));
    }

    [Theory]
    [InlineData("18:56:56.252", "18:56:57.252")]
    [InlineData("18:56:56", "18:56:57")]
    public void Rows_of_one_instant_that_say_no_gpu_are_taken_as_one_and_that_is_told_once(string first, string second)
    {
        Read($"timestamp, memory.used [MiB], memory.total [MiB]\n2023/06/22 {first}, 5 MiB, 9 MiB\n2023/06/22 {first}, 7 MiB, 9 MiB\n2023/06/22 {second}, 7 MiB, 9 MiB\n2023/06/22 {second}, 7 MiB, 9 MiB\n");

        Assert.Contains("no index, uuid or pci.bus_id column", Assert.Single(notes));
    }

    [Theory]
    [InlineData("[N/A]", FaultKind.NotSupported)]
    [InlineData("[Not Supported]", FaultKind.NotSupported)]
    [InlineData("[GPU is lost]", FaultKind.GpuLost)]
    [InlineData("[Insufficient Permissions]", FaultKind.NoPermission)]
    [InlineData("[Unknown Error]", FaultKind.Unknown)]
    public void Words_in_place_of_a_number_are_a_fault_not_a_zero(string words, FaultKind expected)
    {
        var outcome = Read($"timestamp, memory.used [MiB], memory.total [MiB]\n2023/06/22 18:56:56.252, {words}, 8192 MiB\n").Single().Gpus[0];

        Assert.Null(outcome.Frame);
        Assert.Equal(expected, outcome.Fault!.Kind);
    }

    [Fact]
    public void A_number_that_is_absent_but_follows_from_the_others_is_no_fault() =>
        Assert.Equal(
            MiB(1052),
            Read("timestamp, memory.used [MiB], memory.free [MiB], memory.total [MiB]\n2023/06/22 18:56:56.252, [N/A], 7140 MiB, 8192 MiB\n")
                .Single().Gpus[0].Frame!.Used);

    [Fact]
    public void Only_free_memory_keeps_the_room_exact_and_says_what_was_assumed()
    {
        var frame = Read("timestamp,gpu,free_mib\n2025-06-09 23:21:02.461,0,4602\n").Single().Gpus[0].Frame!;

        Assert.Equal(MiB(4602), frame.Available);
        Assert.Contains("80.0 GiB is assumed", Assert.Single(notes));
    }

    [Fact]
    public void A_total_given_by_the_user_completes_a_log_of_used_memory()
    {
        var file = folder.File("log.csv", "timestamp, memory.used [MiB]\n2023/06/22 18:56:56.252, 841 MiB\n");

        var frame = Recording.Read(file, new RecordingOptions(Total: MiB(8192)), notes.Add).Single().Gpus[0].Frame!;

        Assert.Equal((MiB(8192), MiB(7351)), (frame.Total, frame.Available));
        Assert.Empty(notes);
    }

    public void Dispose() => folder.Dispose();

    private static Bytes MiB(double mebibytes) => Bytes.FromMiB(mebibytes);

    private List<Sweep> Read(string log, string? columns = null) =>
        [.. Recording.Read(folder.File("log.csv", log), new RecordingOptions(columns), notes.Add)];
}
