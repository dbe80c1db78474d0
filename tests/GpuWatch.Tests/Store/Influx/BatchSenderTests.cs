using System.Text;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Store.Influx;
using GpuWatch.Store.LineProtocol;
using GpuWatch.Store.Spool;
using GpuWatch.Tests.Support;
using Outcome = GpuWatch.Store.Influx.Outcome;

namespace GpuWatch.Tests.Store.Influx;

public sealed class BatchSenderTests
{
    private readonly List<string> stored = [];

    [Fact]
    public async Task A_batch_too_large_goes_in_halves_and_later_batches_are_smaller()
    {
        var sender = new BatchSender(AtMost(3), batchPoints: 5000);
        var answer = await sender.SendAsync(BatchOf(10), default);

        Assert.Equal(Outcome.Stored, answer.Outcome);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"m v={i}i {i}"), stored);
        Assert.InRange(sender.BatchPoints, 1, 3);
    }

    [Fact]
    public async Task A_single_point_too_large_is_refused()
    {
        var answer = await new BatchSender(AtMost(0), 5000).SendAsync(BatchOf(4), default);

        Assert.Equal((Outcome.Refused, 4), (answer.Outcome, answer.RefusedPoints));
    }

    [Fact]
    public async Task A_half_that_must_wait_makes_the_whole_wait()
    {
        var calls = 0;
        var sender = new BatchSender((batch, _) => Task.FromResult(new Answer(++calls switch { 1 => Outcome.TooLarge, 2 => Outcome.Stored, _ => Outcome.Later })), 5000);

        Assert.Equal(Outcome.Later, (await sender.SendAsync(BatchOf(4), default)).Outcome);
    }

    [Fact]
    public async Task Points_refused_in_both_halves_add_up()
    {
        var sender = new BatchSender((batch, _) => Task.FromResult(batch.Points > 2 ? new Answer(Outcome.TooLarge) : new Answer(Outcome.Refused, 1, Reason: "bad")), 5000);
        var answer = await sender.SendAsync(BatchOf(4), default);

        Assert.Equal((2, "bad"), (answer.RefusedPoints, answer.Reason));
    }

    [Fact]
    public void A_backslash_before_an_escaped_space_ends_no_tag()
    {
        var line = new LineWriter();
        line.Point("m");
        line.Tag("t", "\\ a");
        line.Tag("u", "\"");
        line.Field("f", 1L);
        line.End(1);
        line.Point("m");
        line.Field("f", 2L);
        line.End(2);

        var (first, second) = Gzip.Halve(new Batch(0, 2, Gzip.Compress(line.Written)));

        Assert.Equal("m f=2i 2\n", System.Text.Encoding.UTF8.GetString(Gzip.Decompress(second.Content)));
        Assert.EndsWith("f=1i 1\n", System.Text.Encoding.UTF8.GetString(Gzip.Decompress(first.Content)));
    }

    [Fact]
    public void Halves_are_cut_between_points_whatever_the_points_say() =>
        Prop.ForAll(SomePoint.Arbitrary.Generator.ListOf().ToArbitrary(), points =>
        {
            var line = new LineWriter();
            foreach (var point in points)
            {
                point.AppendTo(line);
            }
            if (line.Lines < 2)
            {
                return true;
            }
            var (first, second) = Gzip.Halve(new Batch(0, line.Lines, Gzip.Compress(line.Written)));
            byte[] together = [.. Gzip.Decompress(first.Content), .. Gzip.Decompress(second.Content)];
            var expected = new LineWriter();
            foreach (var point in points)
            {
                if (expected.Lines == first.Points)
                {
                    break;
                }
                point.AppendTo(expected);
            }
            return together.AsSpan().SequenceEqual(line.Written)
                && first.Points + second.Points == line.Lines
                && Gzip.Decompress(first.Content).AsSpan().SequenceEqual(expected.Written);
        }).QuickCheckThrowOnFailure();

    private Func<Batch, CancellationToken, Task<Answer>> AtMost(int points) => (batch, _) =>
    {
        if (batch.Points > points)
        {
            return Task.FromResult(new Answer(Outcome.TooLarge, Reason: "HTTP 413"));
        }
        stored.AddRange(Encoding.UTF8.GetString(Gzip.Decompress(batch.Content)).TrimEnd('\n').Split('\n'));
        return Task.FromResult(Answer.Stored);
    };

    private static Batch BatchOf(int points)
    {
        var line = new LineWriter();
        for (var i = 0; i < points; i++)
        {
            line.Point("m").Field("v", (long)i).End(i);
        }
        return new Batch(0, points, Gzip.Compress(line.Written));
    }
}
