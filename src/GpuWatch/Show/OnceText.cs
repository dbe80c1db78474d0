using System.Globalization;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Show;

/// <summary>One sweep for people: each GPU with the account of its bytes, then who holds them.</summary>
internal static class OnceText
{
    public static void Write(TextWriter output, Present present)
    {
        foreach (var gpu in present.Gpus)
        {
            output.Write(Heading(gpu) + "\n");
            if (gpu.Frame is { } frame)
            {
                output.Write($"  {Bridge(frame)}\n");
            }
            if (gpu.Processes.Count > 0)
            {
                Processes(gpu).WriteTo(output, "  ");
            }
            output.Write("\n");
        }
    }

    private static string Heading(LiveGpu gpu)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"GPU {gpu.Info.Index}  {Plain.Text(gpu.Info.Name ?? "unnamed")}");
        return gpu.Frame is { } frame
            ? $"{name}  {frame.Total - frame.Available} of {frame.Total} in use, {frame.Available} free"
            : $"{name}  no data: {gpu.Fault?.Reason ?? "not read yet"}";
    }

    /// <summary>Σ processes + reserved + unattributed = total − free.</summary>
    private static string Bridge(GpuFrame frame)
    {
        var processes = frame.Processes.Any(process => process.Used is null)
            ? "unknown"
            : new Bytes(frame.Processes.Sum(process => process.Used!.Value.Count)).ToString();
        return $"processes {processes} + reserved by the driver {frame.Reserved?.ToString() ?? "unknown"} + unattributed "
            + $"{frame.Unattributed?.ToString() ?? "unknown"} = {frame.Total - frame.Available}";
    }

    private static TextTable Processes(LiveGpu gpu)
    {
        var table = new TextTable(">PID", "USER", ">USED", "JOB", "COMMAND");
        foreach (var process in gpu.Processes.Values)
        {
            var facts = process.Facts;
            table.Add(
                facts.Pid.ToString(CultureInfo.InvariantCulture),
                facts.User,
                process.Reading.Used?.ToString() ?? "unknown",
                facts.SlurmJob is { } job ? $"slurm {job}" : facts.Pod is { } pod ? $"pod {pod}" : facts.Container is { } container ? $"container {container[..12]}" : null,
                facts.CommandLine ?? facts.Name);
        }
        return table;
    }
}
