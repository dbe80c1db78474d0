using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class SnapshotCommandTests : IDisposable
{
    /// <summary>CONTRACTS 9, in its order.</summary>
    private static readonly string[] Keys =
    [
        "device", "reserved_bytes", "allocated_bytes", "active_bytes", "requested_bytes", "free_in_segments_bytes", "releasable_bytes",
        "largest_free_block_bytes", "segments", "blocks", "fragmentation", "peak", "what_if",
    ];

    private const string TwoDevices = """
        {'segments': [], 'device_traces': [[{'action': 'alloc', 'addr': 4096, 'size': 10, 'stream': 0}], [{'action': 'alloc', 'addr': 4096, 'size': 20, 'stream': 0}]]}
        """;

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Its_documents_are_the_reviewed_ones()
    {
        var timeline = folder.File("timeline.csv");

        var (code, json, error) = Gpuwatch.Run("snapshot", SomeSnapshot.Path, "--timeline", timeline, "--output", "json");

        Assert.Equal((0, ""), (code, error));
        GoldenFile.Matches("snapshot.json", json);
        GoldenFile.Matches("snapshot.timeline.csv", File.ReadAllText(timeline));
        GoldenFile.Matches("snapshot.txt", Gpuwatch.Run("snapshot", SomeSnapshot.Path).Out);
        Assert.Equal([timeline], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void The_keys_of_a_device_are_those_of_the_contract()
    {
        using var document = JsonDocument.Parse(Gpuwatch.Run("snapshot", SomeSnapshot.Path, "--output", "json").Out);
        var device = document.RootElement.GetProperty("devices")[0];

        Assert.Equal(Keys, device.EnumerateObject().Select(property => property.Name).Take(Keys.Length));
        Assert.All(device.GetProperty("what_if").EnumerateArray(), row =>
            Assert.Equal(["setting", "peak_reserved_bytes", "saves_bytes"], row.EnumerateObject().Select(property => property.Name).Take(3)));
    }

    [ToolFact("python3")]
    public void A_timeline_of_several_devices_asks_for_one()
    {
        var snapshot = folder.File("two.pickle", Python.Pickled(TwoDevices)[2]);
        var timeline = folder.File("timeline.csv");

        var (code, output, error) = Gpuwatch.Run("snapshot", snapshot, "--timeline", timeline);

        Assert.Equal((2, "", "gpuwatch: --timeline: devices 0, 1 have a trace; expected --device N beside it\n"), (code, output, error));
        Assert.False(File.Exists(timeline));
        Assert.Equal(0, Gpuwatch.Run("snapshot", snapshot, "--timeline", timeline, "--device", "1").Code);
        Assert.Equal("0,,alloc,20,0,0", File.ReadAllLines(timeline)[1]);
        Assert.Equal((2, "", $"gpuwatch: --device: 2 is not in {snapshot}; expected 0 or 1\n"), Gpuwatch.Run("snapshot", snapshot, "--device", "2"));
    }

    [ToolFact("python3")]
    public void What_a_snapshot_does_not_tell_is_null_and_its_words_say_so()
    {
        var snapshot = folder.File("old.pickle", Python.Pickled("[{'total_size': 2097152, 'allocated_size': 0, 'active_size': 0, 'segment_type': 'small', 'blocks': [{'size': 2097152, 'state': 'active_allocated'}]}]")[2]);

        using var document = JsonDocument.Parse(Gpuwatch.Run("snapshot", snapshot, "--output", "json").Out);
        var device = document.RootElement.GetProperty("devices")[0];

        Assert.All(["requested_bytes", "fragmentation", "peak"], key => Assert.Equal(JsonValueKind.Null, device.GetProperty(key).ValueKind));
        Assert.Contains("unknown: the snapshot has no history", Gpuwatch.Run("snapshot", snapshot).Out);
    }

    [ToolFact("python3")]
    public void Text_of_the_snapshot_is_inert()
    {
        var snapshot = folder.File("odd.pickle", Python.Pickled("""
            {'segments': [], 'device_traces': [[{'action': 'oom', 'device_free': 5, 'size': 10, 'stream': 0, 'frames': [{'filename': '/x/\x1b[2J.py', 'line': 3, 'name': 'a\nb\x9b'}]}]]}
            """)[2]);

        var table = Gpuwatch.Run("snapshot", snapshot).Out;

        Assert.Contains("ran out       after event 0: 10 B were asked for, CUDA had 5 B free, 0 B were reserved and 0 B asked for by live tensors: 5 B were missing, x/·[2J.py:3 a·b·", table);
        Assert.Contains("/x/·[2J.py:3 a·b·", Gpuwatch.Run("snapshot", snapshot, "--output", "json").Out);
    }

    [ToolTheory("python3")]
    [InlineData(300, 100, 50, ": 150 B were missing")]
    [InlineData(300, 100, 250, ": 350 B were unused, but in pieces")]
    public void An_oom_tells_whether_memory_or_a_place_was_missing(int asked, int deviceFree, int unused, string told)
    {
        var snapshot = folder.File("oom.pickle", Python.Pickled($$"""
            {'segments': [{'total_size': {{1000 + unused}}, 'allocated_size': 1000, 'active_size': 1000, 'segment_type': 'large', 'address': 0,
                           'blocks': [{'size': 1000, 'requested_size': 1000, 'state': 'active_allocated'}, {'size': {{unused}}, 'state': 'inactive'}]}],
             'device_traces': [[{'action': 'oom', 'device_free': {{deviceFree}}, 'size': {{asked}}, 'stream': 0}]]}
            """)[4]);

        Assert.Contains(told + "\n", Gpuwatch.Run("snapshot", snapshot).Out);
    }

    [Fact]
    public void A_timeline_that_cannot_be_written_leaves_nothing_behind()
    {
        var target = Directory.CreateDirectory(folder.File("taken")).FullName;

        var (code, output, error) = Gpuwatch.Run("snapshot", SomeSnapshot.Path, "--timeline", target);

        Assert.Equal((2, ""), (code, output));
        Assert.Matches($"^gpuwatch: {target}: .*; expected a file that can be written\n$", error);
        Assert.Equal([target], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void No_file_a_folder_and_another_kind_of_file_are_told_apart()
    {
        Assert.Matches("^gpuwatch: /no/such.pickle: cannot be read: .*; expected a pickled PyTorch memory snapshot\n$", Gpuwatch.Run("snapshot", "/no/such.pickle").Error);
        Assert.Matches($"^gpuwatch: {folder.Path}: cannot be read: .*; expected a pickled PyTorch memory snapshot\n$", Gpuwatch.Run("snapshot", folder.Path).Error);
        var text = folder.File("text.csv", "time_s,gpu\n");
        Assert.Equal((2, "", $"gpuwatch: {text}:byte 0: "), Gpuwatch.Run("snapshot", text) is var (code, output, error) ? (code, output, error[..$"gpuwatch: {text}:byte 0: ".Length]) : default);
    }

    [LinuxFact]
    public void A_timeline_goes_through_a_pipe_and_a_snapshot_comes_from_one()
    {
        var (code, output) = Tool.Run("sh", ["-c", $"cat {SomeSnapshot.Path} | {RunningAgent.Program} snapshot /dev/stdin --timeline /dev/fd/3 3>&1 >/dev/null"]);

        Assert.Equal(0, code);
        GoldenFile.Matches("snapshot.timeline.csv", output);
    }

    [Fact]
    public void The_real_program_tells_a_snapshot()
    {
        var (code, output) = Tool.Run(RunningAgent.Program, ["snapshot", SomeSnapshot.Path, "--output", "json"]);

        Assert.Equal((0, Gpuwatch.Run("snapshot", SomeSnapshot.Path, "--output", "json").Out), (code, output));
    }

    public void Dispose() => folder.Dispose();
}
