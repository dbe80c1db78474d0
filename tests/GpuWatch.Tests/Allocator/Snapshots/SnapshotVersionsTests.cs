using GpuWatch.Core.Allocator;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Allocator.Snapshots;

/// <summary>What each version of PyTorch writes (facts 2.3), made with the real pickle.</summary>
public sealed class SnapshotVersionsTests
{
    private const string Segment = "'device': 0, 'address': 4096, 'total_size': 2097152, 'allocated_size': 1024, 'active_size': 1536, 'stream': 0, 'segment_type': 'small'";

    [ToolFact("python3")]
    public void Before_2_0_it_is_a_list_of_segments_and_what_was_asked_for_is_unknown()
    {
        var snapshot = Read($"[{{{Segment}, 'blocks': [{{'size': 1024, 'state': 'active_allocated'}}, {{'size': 512, 'state': 'active_pending_free'}}, {{'size': 2095616, 'state': 'inactive'}}]}}]");
        var report = SomeSnapshot.Report(snapshot);

        Assert.Equal(new DeviceUsage(2097152, 1024, 1536, null, 2095616, 0, 2095616, 1, 3, 0), report.Usage);
        Assert.Null(report.Peak);
        Assert.Empty(report.WhatIf);
        Assert.Equal([4096L, 5120, 5632], snapshot.Devices[0].Segments[0].Blocks.Select(block => block.Address));
    }

    [ToolFact("python3")]
    public void In_2_0_the_stack_of_a_block_is_the_latest_of_its_history()
    {
        var snapshot = Read($$"""
            {'segments': [{ {{Segment}}, 'requested_size': 900, 'blocks': [
                {'size': 1536, 'requested_size': 900, 'state': 'active_awaiting_free', 'history': [
                    {'addr': 4096, 'real_size': 900, 'frames': [{'filename': '/x/torch/nn.py', 'name': 'a', 'line': 1}, {'filename': '/x/mine.py', 'name': 'b', 'line': 2}]},
                    {'addr': 4096, 'real_size': 9, 'frames': [{'filename': '/x/old.py', 'name': 'c', 'line': 3}]}]}]}],
             'device_traces': [[]]}
            """);

        Assert.Equal(new Block(4096, 1536, 900, BlockState.Pending, new Frame("/x/mine.py", 2, "b")), Assert.Single(snapshot.Devices[0].Segments[0].Blocks));
        Assert.Same(RecordedSettings.Unknown, snapshot.Settings);
    }

    [ToolFact("python3")]
    public void In_2_1_events_have_no_time_and_a_new_action_changes_nothing()
    {
        var report = SomeSnapshot.Report(Read("""
            {'segments': [], 'device_traces': [[
                {'action': 'segment_alloc', 'addr': 4096, 'size': 2097152, 'stream': 0},
                {'action': 'alloc', 'addr': 4096, 'size': 1000, 'stream': 0},
                {'action': 'user_defined', 'user_metadata': 'epoch 1'},
                {'action': 'free_requested', 'addr': 4096, 'size': 1000, 'stream': 0},
                {'action': 'free_completed', 'addr': 4096, 'size': 1000, 'stream': 0},
                {'action': 'segment_free', 'addr': 4096, 'size': 2097152, 'stream': 0},
                {'action': 'snapshot', 'addr': 0, 'size': 0, 'stream': 0}]]}
            """));

        Assert.Equal([0, 1000, 1000, 0, 0, 0, 0], report.Timeline.Allocated!);
        Assert.Equal([2097152, 2097152, 2097152, 2097152, 2097152, 0, 0], report.Timeline.Reserved);
        Assert.Null(report.Timeline.SinceStartUs(1));
        Assert.Equal((1, 1000L, 2097152L), (report.Peak!.EventIndex, report.Peak.Bytes, report.Peak.Reserved));
        Assert.True(report.IsWhole);
        Assert.Null(report.Usage.Fragmentation);
    }

    [ToolFact("python3")]
    public void A_trace_that_only_frees_was_highest_before_it_began()
    {
        var report = SomeSnapshot.Report(Read("""
            {'segments': [], 'device_traces': [[
                {'action': 'free_requested', 'addr': 4096, 'size': 1000, 'stream': 0, 'time_us': 5},
                {'action': 'free_completed', 'addr': 4096, 'size': 1000, 'stream': 0, 'time_us': 6},
                {'action': 'segment_free', 'addr': 4096, 'size': 2097152, 'stream': 0, 'time_us': 7}]]}
            """));

        Assert.Equal((null, 5L, 0L, 1000L, 2097152L), (report.Peak!.EventIndex, report.Peak.TimeUs, report.Peak.SinceStartUs, report.Peak.Bytes, report.Peak.Reserved));
        Assert.Equal(new Tensor(4096, 1000, null, null), Assert.Single(report.Peak.Largest));
    }

    [ToolTheory("python3")]
    [InlineData("{'max_split_size': -1, 'expandable_segments': False, 'garbage_collection_threshold': 0.0, 'roundup_power2_divisions': {'1': 0, '2': 0}}", null, false, null, null)]
    [InlineData("{'max_split_size': 134217728, 'expandable_segments': True, 'roundup_power2_divisions': {'1': 4, '2': 4}}", 134217728L, true, 4, null)]
    [InlineData("{'max_split_size': 9223372036854775807, 'garbage_collection_threshold': 0.8}", null, false, null, "garbage_collection_threshold")]
    [InlineData("{'roundup_power2_divisions': {'1': 4, '2': 8}}", null, false, null, "roundup_power2_divisions")]
    [InlineData("{'roundup_power2_divisions': {'1': 3}}", null, false, null, "roundup_power2_divisions")]
    public void From_2_2_on_it_tells_its_settings(string settings, long? maxSplit, bool expandable, int? divisions, string? notPlayed) => Assert.Equal(
        new RecordedSettings(new AllocatorSettings(null, maxSplit, expandable, divisions), true, notPlayed),
        Read($"{{'segments': [], 'device_traces': [], 'allocator_settings': {settings}}}").Settings);

    [ToolFact("python3")]
    public void Growing_segments_are_counted_by_what_is_mapped_and_held_against_fixed_ones()
    {
        var report = SomeSnapshot.Report(Read("""
            {'segments': [{'device': 1, 'address': 1048576, 'total_size': 62914560, 'allocated_size': 52428800, 'active_size': 52428800, 'requested_size': 52428800, 'stream': 0,
                           'segment_type': 'large', 'segment_pool_id': (0, 0), 'is_expandable': True,
                           'blocks': [{'address': 1048576, 'size': 52428800, 'requested_size': 52428800, 'state': 'active_allocated'}, {'address': 53477376, 'size': 10485760, 'requested_size': 0, 'state': 'inactive'}]}],
             'device_traces': [[], [
                {'action': 'segment_map', 'addr': 1048576, 'size': 62914560, 'stream': 0, 'time_us': 1},
                {'action': 'alloc', 'addr': 1048576, 'size': 52428800, 'stream': 0, 'time_us': 2}]],
             'allocator_settings': {'expandable_segments': True}}
            """));

        Assert.Equal((1, 62914560L, 0L), (report.Device, report.Timeline.Reserved[0], report.Timeline.ReservedBefore));
        Assert.Null(report.ModelPeakReserved);
        Assert.Contains(new WhatIf("expandable_segments:False", 52428800, 10485760, 10485760), report.WhatIf);
    }

    [ToolFact("python3")]
    public void Events_that_contradict_each_other_are_counted()
    {
        var report = SomeSnapshot.Report(Read("""
            {'segments': [], 'device_traces': [[
                {'action': 'alloc', 'addr': 4096, 'size': 1000, 'stream': 0},
                {'action': 'free_completed', 'addr': 8192, 'size': 1000, 'stream': 0},
                {'action': 'free_completed', 'addr': 8192, 'size': 1000, 'stream': 0}]]}
            """));

        Assert.Equal(2, report.Unmatched);
        Assert.Null(report.ModelPeakReserved);
    }

    private static MemorySnapshot Read(string source) => SomeSnapshot.Read(Python.Pickled(source)[2]);
}
