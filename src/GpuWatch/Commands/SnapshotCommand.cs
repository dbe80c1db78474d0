using System.CommandLine;
using System.Globalization;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>`snapshot`: what a PyTorch memory snapshot says, read without running anything in it (CONTRACTS 9).</summary>
internal static class SnapshotCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "what torch.cuda.memory._dump_snapshot(FILE) wrote" };
    private static readonly Option<string> Timeline = new("--timeline") { Description = "write what was allocated and reserved after each event as CSV", HelpName = "FILE.csv" };
    private static readonly Option<int?> Device = new("--device") { Description = "this device only; default: all, and for --timeline the one that has a trace", HelpName = "N" };
    private static readonly Option<string> Output = OutputOption.Create("table", "json");

    public static Command Create(Surroundings around)
    {
        var command = new Command("snapshot", "Tells what fills a PyTorch memory snapshot, what of it is of no use, and which setting would save how much.")
        {
            File, Timeline, Device, Output,
        };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var path = parsed.GetRequiredValue(File);
        var snapshot = Read(path);
        var devices = Chosen(snapshot, parsed.GetValue(Device), path);
        var traced = parsed.GetValue(Timeline) is null ? null : OfTimeline(devices);
        var reports = devices.Select(device => SnapshotReport.Of(device, snapshot.Settings)).ToList();
        if (parsed.GetValue(Timeline) is { } target)
        {
            new TimelineFile(target, reports.Find(report => report.Device == traced?.Device)?.Timeline).Write();
        }
        if (parsed.GetValue(Output) == "json")
        {
            SnapshotJson.Write(reports, around.Out);
        }
        else
        {
            SnapshotTable.Write(reports, snapshot.Settings, around.Out);
        }
        return ExitCode.Done;
    }

    private static MemorySnapshot Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
            return SnapshotReader.Read(file, Plain.TextUpTo(int.MaxValue, path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException(path, "cannot be read: " + Plain.Text(fault.Message), "expected a pickled PyTorch memory snapshot");
        }
    }

    private static List<DeviceSnapshot> Chosen(MemorySnapshot snapshot, int? number, string path)
    {
        if (number is null)
        {
            return [.. snapshot.Devices];
        }
        var chosen = snapshot.Devices.Where(device => device.Device == number).ToList();
        return chosen.Count > 0 ? chosen : throw new BadInputException(
            "--device", string.Create(CultureInfo.InvariantCulture, $"{number} is not in {Plain.Text(path)}"),
            snapshot.Devices.Count == 0 ? "the snapshot is empty" : "expected " + string.Join(" or ", snapshot.Devices.Select(device => device.Device)));
    }

    /// <summary>A timeline tells of one device.</summary>
    private static DeviceSnapshot? OfTimeline(List<DeviceSnapshot> devices)
    {
        var traced = devices.Where(device => device.Trace.Count > 0).ToList();
        return traced.Count > 1
            ? throw new BadInputException("--timeline", $"devices {string.Join(", ", traced.Select(device => device.Device))} have a trace", "expected --device N beside it")
            : traced.FirstOrDefault();
    }
}
