using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Store.Spool;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Store.Spool;

public sealed class DiskSpoolTests : IDisposable
{
    private const long Plenty = 1 << 20;
    private readonly TemporaryFolder folder = new();
    private long dropped;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Batches_come_out_in_the_order_they_went_in()
    {
        using var spool = Open();
        Append(spool, 0..5);

        Assert.Equal([0, 1, 2, 3, 4], Drain(spool));
        Assert.True(spool.IsEmpty);
        Assert.Empty(Segments);
    }

    [LinuxFact]
    public void What_it_keeps_is_for_its_user_only_also_in_a_folder_that_is_open_to_all()
    {
        Directory.CreateDirectory(folder.Path);
        using var spool = Open();
        Append(spool, 0..2);

        Assert.All(Directory.GetFiles(folder.Path), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file)));
    }

    [Fact]
    public void A_restart_finds_what_was_not_delivered_and_only_that()
    {
        using (var before = Open())
        {
            Append(before, 0..5);
            before.Remove(before.Peek()!);
            before.Remove(before.Peek()!);
        }
        using var after = Open();

        Assert.Equal(4, after.LastSequence);
        Assert.Equal(3 * 10, after.Points);
        Assert.Equal([2, 3, 4], Drain(after));
    }

    [Fact]
    public void Content_comes_back_byte_for_byte()
    {
        using (var before = Open())
        {
            before.Append(new Batch(7, 3, [1, 2, 3, 0, 255]));
        }
        using var after = Open();
        var batch = after.Peek()!;

        Assert.Equal((7, 3), (batch.Sequence, batch.Points));
        Assert.Equal([1, 2, 3, 0, 255], batch.Content);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(40)]
    public void A_record_cut_short_by_a_kill_was_never_accepted_and_the_rest_stands(int bytesLeft)
    {
        long whole;
        using (var before = Open())
        {
            Append(before, 0..2);
            whole = before.Bytes;
            Append(before, 2..3);
        }
        using (var file = new FileStream(Segments.Single(), FileMode.Open))
        {
            file.SetLength(whole + bytesLeft);
        }
        using var after = Open();
        Append(after, 3..4);

        Assert.Equal([0, 1, 3], Drain(after));
        Assert.Equal(0, dropped);
    }

    [Fact]
    public void Damaged_bytes_are_counted_as_dropped_and_never_delivered()
    {
        using (var before = Open())
        {
            Append(before, 0..2);
        }
        using (var file = new FileStream(Segments.Single(), FileMode.Open))
        {
            file.Seek(SpoolRecord.HeaderBytes + 3, SeekOrigin.Begin);
            file.WriteByte(0xAA);
        }
        using var after = Open();

        Assert.Equal([1], Drain(after));
        Assert.Equal(10, dropped);
        Assert.Empty(Segments);
    }

    /// <summary>A file may be as long as it was and lack its last pages, and the cursor may be one of before.</summary>
    [Theory]
    [InlineData(SpoolRecord.HeaderBytes + 64, 0)]
    [InlineData(64, 10)]
    [InlineData(30, 10)]
    public void After_a_power_cut_zeros_at_the_end_are_never_delivered_and_the_rest_stands(int lastBytesLost, int counted)
    {
        using (var before = Open())
        {
            Append(before, 0..4);
            before.Remove(before.Peek()!);
        }
        using (var file = new FileStream(Segments.Single(), FileMode.Open))
        {
            file.Seek(-lastBytesLost, SeekOrigin.End);
            file.Write(new byte[lastBytesLost]);
        }
        File.WriteAllBytes(folder.File("spool/cursor"), []);
        using var after = Open();

        Assert.Equal([0, 1, 2], Drain(after));
        Assert.Equal(counted, dropped);
    }

    [Fact]
    public void A_bound_that_was_lowered_holds_from_the_start_and_the_newest_stay()
    {
        using (var before = Open(64 << 10))
        {
            Append(before, 0..500);
        }
        using var after = Open(16 << 10);

        Assert.InRange(Segments.Sum(path => new FileInfo(path).Length), 1, 16 << 10);
        var left = Drain(after);
        Assert.Equal(499, left[^1]);
        Assert.Equal(10 * left[0], dropped);
    }

    [Fact]
    public void Beyond_the_bound_the_oldest_go_and_are_counted_and_the_files_never_exceed_it()
    {
        const long Bound = 4096;
        using var spool = Open(Bound);
        for (var i = 0; i < 500; i++)
        {
            Append(spool, i..(i + 1));
            Assert.InRange(Segments.Sum(path => new FileInfo(path).Length), 0, Bound);
        }
        var left = Drain(spool);

        Assert.Equal(499, left[^1]);
        Assert.Equal(Enumerable.Range((int)left[0], left.Count).Select(i => (long)i), left);
        Assert.Equal(10 * left[0], dropped);
        Assert.True(left.Count * (SpoolRecord.HeaderBytes + 64) > Bound * 3 / 4, "most of the room is used");
    }

    /// <summary>With batches of the size that the sink makes, and as the disk itself counts (1 GiB: `GpuWatch.Benchmarks spool`).</summary>
    [ToolFact("du")]
    public void The_disk_itself_holds_no_more_than_the_bound_and_every_point_is_there_or_counted()
    {
        const long Bound = 8 << 20, Block = 4096;
        var (random, points) = (new Random(1), 0L);
        using var spool = Open(Bound);
        for (var i = 0; i < 1000; i++)
        {
            var content = new byte[random.Next(1, 80_000)];
            random.NextBytes(content);
            spool.Append(new Batch(i, i, content));
            points += i;
            Assert.InRange(spool.Bytes, 0, Bound);
            if (i % 100 == 99)
            {
                // Each file may end within a block: the segments, the cursor, the folder itself.
                Assert.InRange(OnDisk(), spool.Bytes, Bound + ((Segments.Length + 2) * Block));
                Assert.Equal(points, spool.Points + dropped);
            }
        }

        Assert.InRange(spool.Bytes, Bound * 3 / 4, Bound);
        Assert.True(dropped > 0);
    }

    private long OnDisk() => long.Parse(Tool.Run("du", ["-sB1", folder.File("spool")]).Output.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void A_batch_dropped_while_it_was_being_sent_is_not_taken_for_its_successor()
    {
        using var spool = Open(1024);
        Append(spool, 0..1);
        var inFlight = spool.Peek()!;
        Append(spool, 1..30);
        var oldest = spool.Peek()!.Sequence;
        spool.Remove(inFlight);

        Assert.NotEqual(0, oldest);
        Assert.Equal(oldest, spool.Peek()!.Sequence);
    }

    [Fact]
    public void A_second_process_is_refused_the_folder()
    {
        using var first = Open();

        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void Any_mix_of_appending_delivering_and_restarting_loses_nothing() =>
        Prop.ForAll(Gen.Elements("append", "append", "deliver", "restart").ListOf().ToArbitrary(), actions =>
        {
            using var fresh = new TemporaryFolder();
            var spool = new DiskSpool(fresh.File("spool"), Plenty, points => dropped += points);
            var (next, delivered) = (0L, new List<long>());
            foreach (var action in actions)
            {
                switch (action)
                {
                    case "append": spool.Append(Some(next++)); break;
                    case "deliver" when spool.Peek() is { } batch:
                        delivered.Add(batch.Sequence);
                        spool.Remove(batch);
                        break;
                    case "restart":
                        spool.Dispose();
                        spool = new DiskSpool(fresh.File("spool"), Plenty, points => dropped += points);
                        break;
                }
            }
            delivered.AddRange(Drain(spool));
            spool.Dispose();
            return delivered.SequenceEqual(Enumerable.Range(0, (int)next).Select(i => (long)i)) && dropped == 0;
        }).QuickCheckThrowOnFailure();

    private string[] Segments => Directory.GetFiles(folder.File("spool"), "*.spool");

    private DiskSpool Open(long bound = Plenty) => new(folder.File("spool"), bound, points => dropped += points);

    private static Batch Some(long sequence) => new(sequence, 10, [.. Enumerable.Range(0, 64).Select(i => (byte)(sequence + i))]);

    private static void Append(DiskSpool spool, Range sequences)
    {
        for (var i = sequences.Start.Value; i < sequences.End.Value; i++)
        {
            spool.Append(Some(i));
        }
    }

    private static List<long> Drain(DiskSpool spool)
    {
        var sequences = new List<long>();
        while (spool.Peek() is { } batch)
        {
            sequences.Add(batch.Sequence);
            spool.Remove(batch);
        }
        return sequences;
    }
}
