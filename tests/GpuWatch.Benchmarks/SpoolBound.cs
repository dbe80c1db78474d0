using System.Diagnostics;
using System.Globalization;
using GpuWatch.Core.Units;
using GpuWatch.Store.Spool;

namespace GpuWatch.Benchmarks;

/// <summary>
/// The spool at its real size, `spool FOLDER [GiB]`: half as much again as its bound is put in, then it is opened anew and drained.
/// Prints what the files took at the most and what became of every point; fails when a byte or a point is not where it should be.
/// </summary>
internal static class SpoolBound
{
    private const int PointsOfABatch = 5000;

    public static int Run(string[] args)
    {
        var (folder, bound) = (args[0], (long)(double.Parse(args.ElementAtOrDefault(1) ?? "1", CultureInfo.InvariantCulture) * Bytes.GiBCount));
        var (dropped, most, batches) = (0L, 0L, 0L);
        var watch = Stopwatch.StartNew();
        using (var spool = new DiskSpool(folder, bound, points => dropped += points))
        {
            var random = new Random(1);
            for (long put = 0; put < bound * 3 / 2; batches++)
            {
                // As large as 5000 points are, compressed.
                var content = new byte[random.Next(30_000, 60_000)];
                random.NextBytes(content);
                spool.Append(new Batch(batches, PointsOfABatch, content));
                put += content.Length;
                most = Math.Max(most, OnDisk(folder));
            }
        }
        var filled = watch.Elapsed.TotalSeconds;
        var (opened, drained, inOrder) = Drain(folder, bound, points => dropped += points, watch);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"bound {bound} bytes, most on disk {most} ({most / (double)bound:0.0%}); {batches} batches in {filled:0.0} s; opened anew in {opened:0.00} s, drained in {watch.Elapsed.TotalSeconds:0.0} s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"points: {batches * PointsOfABatch} given = {drained * PointsOfABatch} delivered + {dropped} dropped; the newest, in order: {inOrder}; left on disk {OnDisk(folder)} bytes"));
        return most <= bound && inOrder && (drained * PointsOfABatch) + dropped == batches * PointsOfABatch && OnDisk(folder) == 0 ? 0 : 1;
    }

    private static (double OpenedSeconds, long Batches, bool InOrder) Drain(string folder, long bound, Action<long> dropped, Stopwatch watch)
    {
        watch.Restart();
        using var spool = new DiskSpool(folder, bound, dropped);
        var (opened, next, count, inOrder) = (watch.Elapsed.TotalSeconds, spool.Peek()!.Sequence, 0L, true);
        var last = spool.LastSequence;
        for (watch.Restart(); spool.Peek() is { } batch; spool.Remove(batch), count++)
        {
            inOrder &= batch.Sequence == next++;
        }
        return (opened, count, inOrder && next == last + 1);
    }

    private static long OnDisk(string folder) => Directory.GetFiles(folder, "*.spool").Sum(path => new FileInfo(path).Length);
}
