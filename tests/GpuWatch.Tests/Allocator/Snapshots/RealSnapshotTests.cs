using GpuWatch.Commands;
using GpuWatch.Core.Allocator;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Allocator.Snapshots;

/// <summary>Snapshots that PyTorch wrote on real GPUs (2.0, and 2.7 or later).</summary>
public sealed class RealSnapshotTests
{
    /// <summary>Counted from the pickles by Python, with one line for each sum.</summary>
    [SharedDataTheory]
    [InlineData("w_medium_128_training", 7235174400, 6816891392, 6816891392, 6808535044, 418283008, 343932928, 41943040, 377, 918)]
    [InlineData("w_medium_128_inference", 1763704832, 1703276544, 1703276544, 1701310464, 60428288, 46137344, 20971520, 98, 230)]
    [InlineData("y_opt1.3b_first", 6658457600, 3872498688, 3872498688, 3872498160, 2785958912, 2357198848, 413138944, 266, 791)]
    public void Its_memory_is_told_to_the_byte(
        string name, long reserved, long allocated, long active, long requested, long free, long releasable, long largest, int segments, int blocks) => Assert.Equal(
            new DeviceUsage(reserved, allocated, active, requested, free, releasable, largest, segments, blocks, 1 - ((double)largest / free)),
            SomeSnapshot.Report(Read(name)).Usage);

    /// <summary>The timeline was derived by other people's replay, every seventh event of it.</summary>
    [SharedDataFact]
    public void Its_timeline_is_the_published_one()
    {
        var device = Assert.Single(Read("w_medium_128_training").Devices);
        using var folder = new TemporaryFolder();
        new TimelineFile(folder.File("timeline.csv"), Timeline.Of(device)).Write();
        var told = File.ReadAllLines(folder.File("timeline.csv"));

        var published = File.ReadAllLines(Path.Combine(SharedData.Folder!, "traces", "snapshots", "w_medium_128_training.timeline.csv"));

        Assert.Equal(published[0], told[0]);
        Assert.Equal(19136, told.Length - 1);
        Assert.Equal(2735, published.Length - 1);
        Assert.All(published.Skip(1), line => Assert.Equal(line, told[int.Parse(line.Split(',')[0], System.Globalization.CultureInfo.InvariantCulture) + 1]));
    }

    /// <summary>The start is reconstructed from the end, and then every request goes where PyTorch put it.</summary>
    [SharedDataTheory]
    [InlineData("w_medium_128_training", 6526)]
    [InlineData("w_medium_128_inference", 1280)]
    public void From_the_reconstructed_start_every_request_lands_where_PyTorch_put_it(string name, int requests)
    {
        var device = Assert.Single(Read(name).Devices);
        var start = TraceStart.Of(device);
        var (allocator, found, live, astray, made) = (new CachingAllocator(), new List<int>(), new Dictionary<long, int>(), 0, 0);
        Adoption.Of(start, device, default)!.ForEach(adoption => allocator.Adopt(adoption.Segment.Address, adoption.Segment.IsSmall, adoption.Sizes, found));
        found.ForEach(block => live.Add(allocator.AddressOf(block), block));
        foreach (var happened in device.Trace)
        {
            if (happened.Kind == TraceAction.Alloc)
            {
                Assert.True(allocator.TryAllocate(happened.Size!.Value, out var block));
                astray += allocator.AddressOf(block) == happened.Address ? 0 : 1;
                live[happened.Address] = block;
                made++;
            }
            else if (happened.Kind == TraceAction.FreeCompleted && live.Remove(happened.Address, out var freed))
            {
                allocator.Free(freed);
            }
        }

        Assert.Equal((requests, 0), (made, astray));
        Assert.Equal(device.Segments.Sum(segment => segment.Size), allocator.PeakReserved);
    }

    [SharedDataFact]
    public void A_training_holds_most_after_the_backward_pass_in_the_optimizers_step()
    {
        var report = SomeSnapshot.Report(Read("w_medium_128_training"));

        Assert.Equal((9966, 105_068, 7_013_335_044, "Optimizer.step#AdamW.step"), (report.Peak!.EventIndex, report.Peak.SinceStartUs, report.Peak.Bytes, report.Peak.During));
        Assert.Contains(report.Peak.Holders, holder => holder.Frame?.Function == "AccumulateGrad");
        Assert.Equal(report.Timeline.PeakReserved, report.ModelPeakReserved);
        Assert.Empty(report.Ooms);
    }

    [SharedDataFact]
    public void A_snapshot_of_PyTorch_2_0_has_no_times_and_no_settings()
    {
        var snapshot = Read("y_opt1.3b_first");
        var report = SomeSnapshot.Report(snapshot);

        Assert.False(snapshot.Settings.Told);
        Assert.Equal((null, null), (report.Peak!.TimeUs, report.Peak.SinceStartUs));
        Assert.Empty(report.WhatIf);
        Assert.EndsWith("pytorch_backend.py", report.Peak.Holders[0].Frame!.SourceFile);
    }

    private static MemorySnapshot Read(string name) => SomeSnapshot.Read(Path.Combine(SharedData.Folder!, "traces", "snapshots", name + ".pickle"));
}
