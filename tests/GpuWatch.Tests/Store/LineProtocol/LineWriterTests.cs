using System.Text;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Store.LineProtocol;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Store.LineProtocol;

public sealed class LineWriterTests
{
    private readonly LineWriter line = new(16);

    private string Text => Encoding.UTF8.GetString(line.Written);

    [Fact]
    public void A_point_is_its_measurement_tags_fields_and_time()
    {
        Assert.True(line.Point("gpu").Tag("gpu", 0).Tag("host", "node-1").Field("mem_used", 123L).Field("util", 0.5).Field("ok", true).Field("note", "fine").End(1700000000123));

        Assert.Equal("gpu,gpu=0,host=node-1 mem_used=123i,util=0.5,ok=true,note=\"fine\" 1700000000123\n", Text);
    }

    [Fact]
    public void Each_place_escapes_its_own_special_characters()
    {
        line.Point("a, b=c").Tag("k, =", "v, =\"").Field("f, =", "s, =\"\\\n").End(1);

        Assert.Equal("a\\,\\ b=c,k\\,\\ \\==v\\,\\ \\=\" f\\,\\ \\==\"s, =\\\"\\\\\n\" 1\n", Text);
    }

    [Fact]
    public void A_backslash_that_would_be_misread_becomes_a_slash()
    {
        line.Point("m\\").Tag("t\\", "C:\\dir\\").Tag("u", "a\\,b").Field("f\\,", 1L).End(1);

        Assert.Equal("m/,t/=C:\\dir/,u=a/\\,b f/\\,=1i 1\n", Text);
    }

    [Fact]
    public void A_line_feed_cannot_end_a_line_early()
    {
        line.Point("m\nm").Tag("t", "x\r\ny z=1 2\nevil v=1").Field("f\n", 1L).End(1);

        Assert.Single(Text.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void What_the_protocol_cannot_say_is_left_out()
    {
        line.Point("m").Tag("empty", "").Tag("", "x").Tag("time", "x")
            .Field("nan", double.NaN).Field("inf", double.PositiveInfinity).Field("time", 3L).Field("", 1L).Field("v", 1L).End(1);

        Assert.Equal("m v=1i 1\n", Text);
    }

    [Fact]
    public void A_point_without_a_field_leaves_no_trace()
    {
        line.Point("m").Field("v", 1L).End(1);
        Assert.False(line.Point("m").Tag("t", "x").Field("v", double.NaN).End(2));
        Assert.False(line.Point("#comment").Field("v", 1L).End(3));
        Assert.False(line.Point("").Field("v", 1L).End(4));

        Assert.Equal("m v=1i 1\n", Text);
        Assert.Equal(1, line.Lines);
    }

    [Fact]
    public void Numbers_read_back_as_they_were()
    {
        line.Point("m").Field("a", 1e21).Field("b", -0.0).Field("c", 0.1 + 0.2).Field("d", double.Epsilon).Field("e", long.MinValue).End(long.MaxValue);

        Assert.Equal("m a=1E+21,b=-0,c=0.30000000000000004,d=5E-324,e=-9223372036854775808i 9223372036854775807\n", Text);
    }

    [Fact]
    public void Any_point_reads_back_as_its_cleaned_self() =>
        Prop.ForAll(SomePoint.Arbitrary, point =>
        {
            line.Clear();
            return point.AppendTo(line)
                ? LineReader.Read(Text.TrimEnd('\n')).Says(point.Cleaned())
                : point.Cleaned().Fields.Count == 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_point_allocates_nothing()
    {
        var point = new SomePoint("gpu_process", new() { ["gpu"] = "0", ["host"] = "näme, x", ["pid"] = "4242" }, new() { ["mem_used"] = 123456789L, ["share"] = 0.123456 }, 1);
        point.AppendTo(line);
        line.Clear();
        WriteMany(10);

        var before = GC.GetAllocatedBytesForCurrentThread();
        WriteMany(1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void WriteMany(int count)
        {
            for (var i = 0; i < count; i++)
            {
                line.Clear();
                line.Point("gpu_process").Tag("gpu", 0).Tag("host", "näme, x").Tag("pid", 4242).Field("mem_used", 123456789L).Field("share", 0.123456).Field("ok", true).End(i);
            }
        }
    }
}
