using System.Text;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Units;
using GpuWatch.InProcess;

namespace GpuWatch.Tests.InProcess;

public sealed class ToldParserTests
{
    private const string Good = """{"version": 1, "monotonic_ns": 5000000000, "period_s": 0.5, "devices": [{"index": 0, "allocated_bytes": 3, "reserved_bytes": 7, "uuid": "aa-bb", "ooms": 0}]}""";

    [Fact]
    public void Reads_what_the_python_side_writes()
    {
        Assert.Null(Parse(Good, out var told));

        Assert.Equal((5_000_000_000, 500_000_000), (told!.MonotonicNanoseconds, told.PeriodNanoseconds));
        Assert.Equal(new ToldDevice("aa-bb", null, new Bytes(3), new Bytes(7)), Assert.Single(told.Devices));
    }

    [Fact]
    public void Keys_of_later_days_are_passed_over_with_all_they_hold() =>
        Assert.Null(Parse(Good.Replace("\"index\": 0", "\"index\": {\"allocated_bytes\": [1, {}]}", StringComparison.Ordinal), out _));

    [Fact]
    public void A_time_after_weeks_of_uptime_is_none_too_many() =>
        Assert.Null(Parse(Good.Replace("5000000000", "31536000000000000", StringComparison.Ordinal), out _));

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("{", "no JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("{} {}", "no JSON")]
    [InlineData("{}", "missing")]
    [InlineData("""{"version": 2}""", "later version")]
    [InlineData("""{"devices": [[[[[[[[[[[]]]]]]]]]]]}""", "no list of devices")]
    [InlineData("""{"x": [[[[[[[[[[[]]]]]]]]]]]}""", "no JSON")]
    public void What_is_none_is_refused_with_a_reason(string text, string reason) => Refused(text, reason);

    [Theory]
    [InlineData("\"allocated_bytes\": 3", "\"allocated_bytes\": 8", "more live than reserved")]
    [InlineData("\"allocated_bytes\": 3", "\"allocated_bytes\": -1", "out of range")]
    [InlineData("\"allocated_bytes\": 3", "\"allocated_bytes\": 1.5", "out of range")]
    [InlineData("\"allocated_bytes\": 3", "\"allocated_bytes\": \"3\"", "out of range")]
    [InlineData("\"allocated_bytes\": 3", "\"allocated_bytes\": {\"reserved_bytes\": 9}", "out of range")]
    [InlineData("\"reserved_bytes\": 7", "\"reserved_bytes\": 9223372036854775807", "out of range")]
    [InlineData("\"reserved_bytes\": 7", "\"reserved_bytes\": 1e40", "out of range")]
    [InlineData("0.5", "0", "out of range")]
    [InlineData("0.5", "1e9", "out of range")]
    [InlineData("0.5", "{\"version\": 1}", "out of range")]
    [InlineData("5000000000", "-5", "out of range")]
    public void Numbers_out_of_range_are_refused(string good, string bad, string reason) =>
        Refused(Good.Replace(good, bad, StringComparison.Ordinal), reason);

    [Theory]
    [InlineData("\\u001b[31m")]
    [InlineData("<script>")]
    [InlineData("")]
    public void A_name_that_no_card_bears_is_no_name(string uuid)
    {
        Assert.Null(Parse(Good.Replace("aa-bb", uuid, StringComparison.Ordinal), out var told));

        Assert.Null(told!.Devices[0].Uuid);
    }

    [Fact]
    public void Too_many_devices_are_refused() => Refused(
        $$"""{"devices": [{{string.Join(',', Enumerable.Repeat("""{"allocated_bytes": 1, "reserved_bytes": 2}""", 65))}}]}""", "too many");

    /// <summary>Whatever stands in the file, it is refused in our words or it is within its bounds.</summary>
    [Fact]
    public void Any_bytes_are_refused_or_within_bounds()
    {
        var good = Encoding.UTF8.GetBytes(Good);
        var spoilt = from edits in Gen.Choose(0, good.Length - 1).Zip(Gen.Choose(0, 255)).ArrayOf()
                     from cut in Gen.Choose(0, good.Length)
                     from insert in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf()
                     select Spoil(good, edits, cut, insert);

        Prop.ForAll(spoilt.ToArbitrary(), text =>
        {
            var reason = ToldParser.Parse(text, out var told);
            return reason is null
                ? told!.Devices.All(device => device.Allocated >= Bytes.Zero && device.Allocated <= device.Reserved)
                : told is null && reason.All(letter => letter is >= ' ' and < '\x7f');
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static byte[] Spoil(byte[] good, (int At, int By)[] edits, int cut, byte[] insert)
    {
        byte[] spoilt = [.. good[..cut], .. insert.Take(3), .. good[cut..]];
        foreach (var (at, by) in edits.Take(3))
        {
            spoilt[at] = (byte)by;
        }
        return spoilt;
    }

    private static void Refused(string text, string reason)
    {
        Assert.Contains(reason, Parse(text, out var told));
        Assert.Null(told);
    }

    private static string? Parse(string text, out Told? told) => ToldParser.Parse(Encoding.UTF8.GetBytes(text), out told);
}
