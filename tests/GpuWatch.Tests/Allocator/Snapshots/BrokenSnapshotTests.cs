using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Allocator.Snapshots;

/// <summary>A snapshot comes from anywhere: whatever is in the file, it is told or refused in one sentence.</summary>
public sealed class BrokenSnapshotTests
{
    private static readonly byte[] Whole = File.ReadAllBytes(SomeSnapshot.Path);

    [Fact]
    public void A_snapshot_cut_short_anywhere_is_refused_at_its_end() => Assert.All(
        Enumerable.Range(0, Whole.Length),
        length => Assert.StartsWith(
            $"x.pickle:byte {length}: ", Assert.Throws<BadInputException>(() => SnapshotReader.Read(new MemoryStream(Whole, 0, length), "x.pickle")).Message));

    [Fact]
    public void Bytes_changed_at_random_are_told_or_refused() =>
        Prop.ForAll(
            Gen.Choose(0, Whole.Length - 1).SelectMany(at => Gen.Choose(0, 255).Select(value => (at, value))).ListOf().ToArbitrary(),
            changes =>
            {
                var bytes = (byte[])Whole.Clone();
                changes.ToList().ForEach(change => bytes[change.at] = (byte)change.value);
                try
                {
                    var snapshot = SnapshotReader.Read(new MemoryStream(bytes), "x.pickle");
                    Assert.All(snapshot.Devices, device => SnapshotReport.Of(device, snapshot.Settings));
                }
                catch (BadInputException refused)
                {
                    Assert.StartsWith("x.pickle", refused.Message);
                }
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [ToolTheory("python3")]
    [InlineData("7", "x.pickle: the pickle is a number; expected ")]
    [InlineData("{}", "x.pickle: the snapshot has no list of segments; expected ")]
    [InlineData("{'segments': [3]}", "x.pickle:segments[0]: this is a number; expected a dict")]
    [InlineData("{'segments': [{'total_size': -1}]}", "x.pickle:segments[0].total_size: -1 is no size or address; expected a number of bytes")]
    [InlineData("{'segments': [{'total_size': 'big'}]}", "x.pickle:segments[0].total_size: this is text; expected a whole number")]
    [InlineData("{'segments': [{'total_size': 1 << 90}]}", "x.pickle:segments[0].total_size: this is a number beyond 64 bits; expected a whole number")]
    [InlineData("{'segments': [{'device': -1}]}", "x.pickle:segments[0].device: -1 is no device; expected a GPU's number")]
    [InlineData("{'segments': [{'total_size': 1, 'allocated_size': 1, 'active_size': 1, 'blocks': [{'size': 1, 'state': 'odd'}]}]}", "x.pickle:segments[0].blocks[0].state: \"odd\" is unknown; expected ")]
    [InlineData("{'segments': [], 'device_traces': [7]}", "x.pickle:device_traces[0]: this is a number; expected a list of events")]
    [InlineData("{'segments': [], 'device_traces': [[{'action': 'a,b'}]]}", "x.pickle:device_traces[0][0].action: \"a,b\" is none; expected ")]
    [InlineData("{'segments': [], 'device_traces': [[{'action': 'alloc', 'size': 5}]]}", "x.pickle:device_traces[0][0].addr: it is absent; expected ")]
    [InlineData("{'segments': [{str(n): n for n in range(100)}]}", "x.pickle:segments[0]: this dict has 100 keys; expected a few")]
    [InlineData("{'segments': [], 'device_traces': [[{'action': 'alloc', 'addr': 0, 'size': (1 << 61) - n} for n in (1, 2)]]}", "x.pickle:device_traces[0][1].size: the sizes of the snapshot add up to more than any machine has; expected ")]
    public void What_no_snapshot_can_say_is_named_with_its_place(string source, string problem)
    {
        var bad = Assert.Throws<BadInputException>(() => SnapshotReader.Read(new MemoryStream(Python.Pickled(source)[4]), "x.pickle"));

        Assert.StartsWith(problem, bad.Message);
    }

    /// <summary>A list of a thousand segments, in each the same list of a thousand blocks, in a file of a few kilobytes.</summary>
    [ToolFact("python3")]
    public void Parts_that_are_used_again_and_again_do_not_multiply()
    {
        const string Before = """
            block = {'size': 0, 'state': 'inactive'}
            segment = {'total_size': 0, 'allocated_size': 0, 'active_size': 0, 'blocks': [block] * 2000}
            """;
        var bad = Assert.Throws<BadInputException>(() => SnapshotReader.Read(new MemoryStream(Python.Pickled("{'segments': [segment] * 2000}", Before)[4]), "x.pickle"));

        Assert.Contains("uses its parts more often than a file of its length could hold them", bad.Message);
        Assert.True(int.Parse(bad.Message.Split("segments[")[1].Split(']')[0], CultureInfo.InvariantCulture) < 10, bad.Message);
    }
}
