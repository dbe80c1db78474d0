using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;
using GpuWatch.Trace;

namespace GpuWatch.Tests.Trace;

public sealed class TraceReaderTests : IDisposable
{
    private const string Header = "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n";
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Rows_of_one_instant_are_one_sweep_with_a_frame_for_each_gpu_and_processes_by_pid()
    {
        var sweeps = Read(Header + "0,1,9,10,50,100,,\n0,0,7,20,60,100,5,6\n0,1,3,30,50,100,,\n0.5,0,7,21,61,100,,\n");

        Assert.Equal([0, 0.5], sweeps.Select(sweep => sweep.TimeSeconds));
        Assert.Equal([0, 1], sweeps[0].Gpus.Select(outcome => outcome.Gpu));
        Assert.Equal([new ProcessReading(7, new Bytes(20), new Bytes(5), new Bytes(6))], sweeps[0].Gpus[0].Frame!.Processes.AsEnumerable());
        Assert.Equal([3, 9], sweeps[0].Gpus[1].Frame!.Processes.Select(process => process.Pid));
        Assert.Equal((new Bytes(100), new Bytes(61)), (sweeps[1].Gpus[0].Frame!.Total, sweeps[1].Gpus[0].Frame!.Used));
    }

    [Fact]
    public void Columns_may_stand_in_any_order_among_others()
    {
        var frame = Read("host,pid,gpu,time_s,device_total_bytes,used_bytes,device_used_bytes\nx,7,2,1.5,100,20,60\n").Single().Gpus[0].Frame!;

        Assert.Equal((1.5, 2, new Bytes(60), new Bytes(100)), (frame.TimeSeconds, frame.Gpu, frame.Used, frame.Total));
        Assert.Equal([new ProcessReading(7, new Bytes(20))], frame.Processes.AsEnumerable());
    }

    [Fact]
    public void No_pid_with_a_size_is_the_device_itself_and_without_one_nobody()
    {
        var sweeps = Read(Header + "0,0,,60,60,100,,\n1,0,,,60,100,,\n2,0,8,,60,100,,\n");

        Assert.Equal([new ProcessReading(null, new Bytes(60))], sweeps[0].Gpus[0].Frame!.Processes.AsEnumerable());
        Assert.Empty(sweeps[1].Gpus[0].Frame!.Processes);
        Assert.Equal([new ProcessReading(8, null)], sweeps[2].Gpus[0].Frame!.Processes.AsEnumerable());
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void Any_unicode_encoding_with_and_without_its_mark_reads_the_same(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        var text = (Header + "0,0,7,20,60,100,,\n").ReplaceLineEndings("\r\n");

        var plain = Recorded(folder.File("plain.csv", encoding.GetBytes(text)));
        var marked = Recorded(folder.File("marked.csv", [.. encoding.GetPreamble(), .. encoding.GetBytes(text)]));

        Assert.Equal(20, plain.Single().Gpus[0].Frame!.Processes[0].Used!.Value.Count);
        Assert.Equal(20, marked.Single().Gpus[0].Frame!.Processes[0].Used!.Value.Count);
    }

    [Fact]
    public void The_last_row_counts_without_an_end_of_line() =>
        Assert.Equal(2, Read(Header + "0,0,7,20,60,100,,\n1,0,7,20,60,100,,").Count);

    [Fact]
    public void Comments_blank_lines_and_repeated_headers_are_passed_over() =>
        Assert.Equal(2, Read("# made by hand\n\n" + Header + "0,0,7,20,60,100,,\n\n" + Header + "# half\n1,0,7,20,60,100,,\n").Count);

    [Fact]
    public void Rows_that_span_reads_of_the_stream_come_out_whole()
    {
        var text = new StringBuilder(Header);
        for (var row = 0; row < 50_000; row++)
        {
            text.Append(row).Append(",0,7,").Append(row * 1000L).Append(",60000000,100000000,,\n");
        }

        var sweeps = Read(text.ToString());

        Assert.Equal(50_000, sweeps.Count);
        Assert.All(sweeps, sweep => Assert.Equal(sweep.TimeSeconds * 1000, sweep.Gpus[0].Frame!.Processes[0].Used!.Value.Count));
    }

    public void Dispose() => folder.Dispose();

    private List<Sweep> Read(string text) => Recorded(folder.File("trace.csv", text));

    private static List<Sweep> Recorded(string file) => [.. Recording.Read(file, new RecordingOptions(), _ => { })];
}
