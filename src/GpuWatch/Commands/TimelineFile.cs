using System.Globalization;
using System.Text;
using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>The CSV of `snapshot --timeline`: what was allocated and reserved after each event. Cells that nobody knows are empty.</summary>
/// <param name="timeline">Null = no device has a trace: the file has no row.</param>
internal sealed class TimelineFile(string path, Timeline? timeline)
{
    public const string Header = "event_index,t_us,action,size,allocated_requested_bytes,reserved_bytes";

    /// <exception cref="BadInputException">It cannot be written.</exception>
    public void Write()
    {
        // Beside it first: nobody ever reads half a file. What lies in /dev is no file, and must not be replaced by one.
        var isPipe = path.StartsWith("/dev/", StringComparison.Ordinal);
        var beside = isPipe ? path : path + ".new";
        try
        {
            using (var file = new StreamWriter(beside, false, new UTF8Encoding(false)) { NewLine = "\n" })
            {
                WriteTo(file);
            }
            if (!isPipe)
            {
                File.Move(beside, path, overwrite: true);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            if (!isPipe)
            {
                Forget(beside);
            }
            throw new BadInputException(path, Plain.Text(fault.Message), "expected a file that can be written");
        }
    }

    public void WriteTo(TextWriter output)
    {
        output.WriteLine(Header);
        if (timeline is null)
        {
            return;
        }
        for (var at = 0; at < timeline.Events.Count; at++)
        {
            var happened = timeline.Events[at];
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{at},{timeline.SinceStartUs(at)},{happened.Action},{happened.Size},{timeline.Allocated?[at]},{timeline.Reserved[at]}"));
        }
    }

    private static void Forget(string beside)
    {
        try
        {
            File.Delete(beside);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // What could not be made cannot be removed either; the first fault is told.
        }
    }
}
