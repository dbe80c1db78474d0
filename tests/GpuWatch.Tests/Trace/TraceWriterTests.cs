using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;
using GpuWatch.Trace;

namespace GpuWatch.Tests.Trace;

public sealed class TraceWriterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void A_recording_reads_back_exactly_as_it_was() =>
        Prop.ForAll(Sweeps().ToArbitrary(), sweeps =>
        {
            var back = WrittenAndRead(sweeps);
            return back.Select(Text).SequenceEqual(sweeps.Select(Text));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_recording_begins_with_the_columns_of_a_trace()
    {
        Write([], out var file);

        Assert.StartsWith(
            "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes,", File.ReadAllText(file));
    }

    [Fact]
    public void A_reason_with_commas_quotes_and_line_ends_stays_in_its_row()
    {
        var fault = new Fault(FaultKind.GpuLost, "The GPU \"0\", lost.\nReset it.");

        var back = WrittenAndRead([new Sweep(1, [GpuOutcome.Of(0, fault)])]).Single().Gpus[0].Fault!;

        Assert.Equal((FaultKind.GpuLost, "The GPU \"0\", lost. Reset it."), (back.Kind, back.Reason));
    }

    [Fact]
    public void Each_kind_of_fault_has_a_name_that_reads_back() =>
        Assert.All(Enum.GetValues<FaultKind>(), kind => Assert.True(FaultNames.TryParse(FaultNames.Name(kind), out var back) && back == kind));

    public void Dispose() => folder.Dispose();

    private List<Sweep> WrittenAndRead(IEnumerable<Sweep> sweeps)
    {
        Write(sweeps, out var file);
        return [.. Recording.Read(file, new RecordingOptions(), _ => { })];
    }

    private void Write(IEnumerable<Sweep> sweeps, out string file)
    {
        file = folder.File("recording.csv");
        using var writer = new TraceWriter(File.Create(file));
        foreach (var sweep in sweeps)
        {
            writer.Write(sweep);
        }
    }

    /// <summary>Immutable arrays compare by identity, so sweeps are compared by all they say.</summary>
    private static string Text(Sweep sweep) =>
        $"{sweep.TimeSeconds:R} {string.Join(" | ", sweep.Gpus.Select(gpu => $"{gpu.Gpu} {gpu.Fault} {gpu.Frame} {Text(gpu.Frame?.Processes)}"))}";

    private static string Text(ImmutableArray<ProcessReading>? processes) => processes is { } some ? string.Join(' ', some) : "";

    private static Gen<List<Sweep>> Sweeps() =>
        from times in Gen.Choose(0, int.MaxValue).ListOf()
        from sweeps in Gen.CollectToList(times.Distinct().Order().Select(time => SweepAt(time / 997.0)))
        select sweeps.ToList();

    private static Gen<Sweep> SweepAt(double time) =>
        from gpus in Gen.Choose(1, 3)
        from outcomes in Gen.CollectToList(Enumerable.Range(0, gpus).Select(gpu => OutcomeAt(time, gpu)))
        select new Sweep(time, [.. outcomes]);

    private static Gen<GpuOutcome> OutcomeAt(double time, int gpu) => Gen.Frequency(
        (1, from kind in Gen.Elements(Enum.GetValues<FaultKind>())
            from reason in Gen.Elements("", "lost", "a, \"b\" and c", "ünïcode")
            select GpuOutcome.Of(gpu, new Fault(kind, reason))),
        (5, from total in Gen.Choose(1, int.MaxValue)
            from used in Gen.Choose(0, total)
            from reserved in Optional(total)
            from free in Optional(total)
            from processes in Processes(total)
            select GpuOutcome.Of(new GpuFrame(time, gpu, new Bytes(total * 64L), new Bytes(used), reserved, free, processes))));

    private static Gen<ImmutableArray<ProcessReading>> Processes(int most) => Gen.Frequency(
        (1, from used in Gen.Choose(0, most) select ImmutableArray.Create(new ProcessReading(null, new Bytes(used)))),
        (4, from pids in Gen.Choose(1, 4_000_000).ListOf()
            from processes in Gen.CollectToList(pids.Distinct().Order().Select(pid => Process(pid, most)))
            select processes.ToImmutableArray()));

    private static Gen<ProcessReading> Process(int pid, int most) =>
        from used in Optional(most)
        from allocated in Optional(most)
        from reserved in Optional(most)
        from ticks in Optional(most)
        select new ProcessReading(pid, used, allocated, reserved, ticks?.Count);

    private static Gen<Bytes?> Optional(int most) =>
        Gen.Frequency((1, Gen.Constant<Bytes?>(null)), (3, Gen.Choose(0, most).Select(count => (Bytes?)new Bytes(count))));
}
