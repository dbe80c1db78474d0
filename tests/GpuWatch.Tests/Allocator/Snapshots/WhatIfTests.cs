using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Allocator;
using GpuWatch.Core.Allocator.Snapshots;

namespace GpuWatch.Tests.Allocator.Snapshots;

public sealed class WhatIfTests
{
    private const long MiB = 1L << 20;

    /// <summary>Positive = so many MiB are asked for, negative = the n-th oldest goes.</summary>
    private static readonly Arbitrary<List<int>> Lives = Gen.OneOf(Gen.Choose(1, 90), Gen.Choose(-40, -1)).ListOf().Select(what => what.ToList()).ToArbitrary();

    /// <summary>The textbook case: what is freed lies between what stays, and nothing larger fits into it.</summary>
    [Fact]
    public void Growing_segments_save_what_lies_in_holes_that_are_a_little_too_small()
    {
        var events = new List<TraceEvent>();
        for (var size = 12; size <= 40; size += 4)
        {
            events.Add(Event(TraceAction.Alloc, size, size * MiB));
            events.Add(Event(TraceAction.FreeRequested, size, size * MiB));
            events.Add(Event(TraceAction.FreeCompleted, size, size * MiB));
        }

        var rows = Rows(events);

        Assert.Equal((12 + 16 + 20 + 24 + 28 + 32 + 36 + 40) * MiB, Peak("max_split_size_mb:512"));
        Assert.Equal(40 * MiB, Peak("expandable_segments:True"));

        long Peak(string setting) => rows.Single(row => row.Setting == setting).PeakReserved;
    }

    /// <summary>Its author's example: 1200 with 4 divisions lies between 1024 and 2048, and becomes 1280 (docs.pytorch.org, CUDA semantics), here in KiB.</summary>
    [Theory]
    [InlineData(1200 << 10, 4, 1280 << 10)]
    [InlineData(1024 << 10, 4, 1024 << 10)]
    [InlineData((1024 << 10) + 1, 4, 1280 << 10)]
    [InlineData(1200 << 10, 8, 1280 << 10)]
    [InlineData(1800, 4, 2048)]
    [InlineData(1, 4, 512)]
    public void Requests_are_rounded_to_steps_between_powers_of_two(long asked, int divisions, long given)
    {
        var allocator = new CachingAllocator(new AllocatorSettings(RoundupDivisions: divisions));

        Assert.True(allocator.TryAllocate(asked, out var block));

        Assert.Equal((given, given), (allocator.Allocated, allocator.SizeOf(block) == given ? given : 0));
    }

    [Fact]
    public void No_setting_reserves_less_than_lives() =>
        Prop.ForAll(Lives, lives =>
        {
            var events = Events(lives);
            var highest = Highest(events);
            Assert.All(Rows(events), row => Assert.True(row.PeakReserved >= (row.Setting == WhatIf.AsRecorded ? 0 : highest), row.ToString()));
        }).QuickCheckThrowOnFailure();

    /// <summary>Undone backwards and done forwards again, events lead to where they came from.</summary>
    [Fact]
    public void The_timeline_ends_where_the_snapshot_stands_and_each_step_is_its_event() =>
        Prop.ForAll(Lives, lives =>
        {
            var events = Events(lives);
            var timeline = Timeline.Of(new DeviceSnapshot(0, [], events, []));
            Assert.Equal(0, timeline.Allocated!.LastOrDefault());
            var held = timeline.AllocatedBefore;
            Assert.All(events.Zip(timeline.Allocated!), step => Assert.Equal(
                held += step.First.Kind switch { TraceAction.Alloc => step.First.Size, TraceAction.FreeRequested => -step.First.Size, _ => 0 }, step.Second));
        }).QuickCheckThrowOnFailure();

    private static IReadOnlyList<WhatIf> Rows(List<TraceEvent> events) => SnapshotReport.Of(new DeviceSnapshot(0, [], events, []), RecordedSettings.Unknown).WhatIf;

    /// <summary>Everything goes at the end, so that a snapshot without segments fits.</summary>
    private static List<TraceEvent> Events(List<int> lives)
    {
        var (events, live, next) = (new List<TraceEvent>(), new List<TraceEvent>(), 1);
        foreach (var what in lives)
        {
            if (what > 0)
            {
                live.Add(Event(TraceAction.Alloc, next++, what * MiB - 100));
                events.Add(live[^1]);
            }
            else if (live.Count > 0)
            {
                Free(-what % live.Count);
            }
        }
        while (live.Count > 0)
        {
            Free(0);
        }
        return events;

        void Free(int index)
        {
            events.Add(live[index] with { Kind = TraceAction.FreeRequested });
            events.Add(live[index] with { Kind = TraceAction.FreeCompleted });
            live.RemoveAt(index);
        }
    }

    private static long Highest(List<TraceEvent> events)
    {
        var (held, highest) = (0L, 0L);
        foreach (var happened in events)
        {
            held += happened.Kind switch { TraceAction.Alloc => happened.Size!.Value, TraceAction.FreeRequested => -happened.Size!.Value, _ => 0 };
            highest = Math.Max(highest, held);
        }
        return highest;
    }

    private static TraceEvent Event(TraceAction kind, long address, long size) => new(kind, "alloc", address << 40, size, 0, null, null, null);
}
