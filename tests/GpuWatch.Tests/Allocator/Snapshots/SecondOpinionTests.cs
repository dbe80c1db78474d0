using System.Text.Json;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Allocator.Snapshots;

/// <summary>Against an allocator that was written a second time, in Python, and told what happened forwards.</summary>
public sealed class SecondOpinionTests : IDisposable
{
    private const int Events = 2000;
    private readonly TemporaryFolder folder = new();

    /// <summary>Seeds, which are protocols too, each as a whole life and with a ring that begins late.</summary>
    public static TheoryData<int, int> Runs
    {
        get
        {
            var runs = new TheoryData<int, int>();
            foreach (var kept in (int[])[Events * 2, 1500, 300])
            {
                Enumerable.Range(0, 6).ToList().ForEach(seed => runs.Add(seed, kept));
            }
            return runs;
        }
    }

    [ToolTheory("python3")]
    [MemberData(nameof(Runs))]
    public void The_trace_told_backwards_is_what_happened_forwards(int seed, int kept)
    {
        var counted = Python.MakeSnapshot(folder.File("x"), seed, Events, kept, seed);

        var report = SomeSnapshot.Report(SomeSnapshot.Read(folder.File("x")));

        Assert.Equal(counted[..^1], Enumerable.Range(0, report.Timeline.Events.Count).Select(at => $"{report.Timeline.Allocated![at]} {report.Timeline.Reserved[at]}"));
        Assert.Equal(0, report.Unmatched);
        using var totals = JsonDocument.Parse(counted[^1]);
        Assert.Equal(
            (Total("reserved_bytes"), Total("allocated_bytes"), Total("active_bytes"), Total("requested_bytes")),
            (report.Usage.Reserved, report.Usage.Allocated, report.Usage.Active, report.Usage.Requested));
        Assert.Equal(
            (Total("free_in_segments_bytes"), Total("releasable_bytes"), Total("largest_free_block_bytes"), Total("segments"), Total("blocks")),
            (report.Usage.FreeInSegments, report.Usage.Releasable, report.Usage.LargestFreeBlock, report.Usage.Segments, report.Usage.Blocks));

        long Total(string key) => totals.RootElement.GetProperty(key).GetInt64();
    }

    /// <summary>The rules of facts 2.1, over a whole life: not a byte of difference.</summary>
    [ToolTheory("python3")]
    [MemberData(nameof(Runs))]
    public void The_model_reserves_what_was_reserved(int seed, int kept)
    {
        Python.MakeSnapshot(folder.File("x"), seed, Events, kept, 2);

        var report = SomeSnapshot.Report(SomeSnapshot.Read(folder.File("x")));

        Assert.Equal(kept > Events, report.IsWhole);
        Assert.Equal(report.Timeline.PeakReserved, report.ModelPeakReserved);
        Assert.Equal((WhatIf.AsRecorded, report.Timeline.PeakReserved, 0L), (report.WhatIf[0].Setting, report.WhatIf[0].PeakReserved, report.WhatIf[0].Saves));
        Assert.Equal(!report.IsWhole, report.WhatIf.Any(row => row.Setting == WhatIf.LaidOutAnew));
        Assert.All(report.WhatIf, row =>
        {
            Assert.Equal(report.Timeline.PeakReserved - row.PeakReserved, row.Saves);
            Assert.True(row.PeakReserved >= report.Peak!.Bytes, row.Setting);
        });
    }

    public void Dispose() => folder.Dispose();
}
