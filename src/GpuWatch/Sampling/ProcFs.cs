using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using GpuWatch.Nvml;

namespace GpuWatch.Sampling;

/// <summary>Reads processes from /proc. What is missing or not permitted is null; a process that is gone has no facts at all.</summary>
/// <param name="root">Normally /.</param>
internal sealed partial class ProcFs(string root = "/")
{
    private const int MostBytes = 4096;

    /// <summary>Modules and job steps fill environments far beyond a page; more than this is not looked through.</summary>
    private const int MostEnvironmentBytes = 1 << 17;

    private readonly byte[] buffer = new byte[MostEnvironmentBytes];
    private Dictionary<int, string>? users;

    /// <summary>Null when there is no such process.</summary>
    public ProcessFacts? Read(int pid)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"proc/{pid}/");
        if (Text(folder + "stat") is not { } stat || stat.LastIndexOf(')') is var close && close < 0)
        {
            return null;
        }
        var open = stat.IndexOf('(');
        var cgroup = Text(folder + "cgroup") ?? "";
        return new ProcessFacts(
            pid,
            StartTicks: ProcStat.Parse(Encoding.UTF8.GetBytes(stat)),
            Name: open >= 0 && open < close ? stat[(open + 1)..close] : null,
            CommandLine: Text(folder + "cmdline")?.Replace('\0', ' ').Trim() is { Length: > 0 } line ? line : null,
            User: UserOf(Text(folder + "status")),
            Container: Container().Match(cgroup) is { Success: true } container ? container.Value : null,
            Pod: Pod().Match(cgroup) is { Success: true } pod ? pod.Groups[1].Value.Replace('_', '-') : null,
            SlurmJob: SlurmGroup().Match(cgroup) is { Success: true } job ? job.Groups[1].Value : Variable(folder, "SLURM_JOB_ID"));
    }

    private string? UserOf(string? status)
    {
        if (status is null || UidLine().Match(status) is not { Success: true } line)
        {
            return null;
        }
        var uid = int.Parse(line.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        users ??= Users();
        return users.TryGetValue(uid, out var name) ? name : uid.ToString(CultureInfo.InvariantCulture);
    }

    private Dictionary<int, string> Users()
    {
        var names = new Dictionary<int, string>();
        var file = Path.Combine(root, "etc/passwd");
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                var fields = line.Split(':');
                if (fields.Length > 2 && int.TryParse(fields[2], CultureInfo.InvariantCulture, out var uid))
                {
                    names.TryAdd(uid, fields[0]);
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Then users are their numbers.
        }
        return names;
    }

    private string? Variable(string folder, string name)
    {
        foreach (var variable in Text(folder + "environ", MostEnvironmentBytes)?.Split('\0') ?? [])
        {
            if (variable.StartsWith(name + "=", StringComparison.Ordinal))
            {
                return variable[(name.Length + 1)..];
            }
        }
        return null;
    }

    /// <summary>The start of a small file; null when it cannot be read, which is normal for other people's processes.</summary>
    private string? Text(string file, int most = MostBytes)
    {
        try
        {
            using var stream = new FileStream(Path.Combine(root, file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            return Encoding.UTF8.GetString(buffer, 0, stream.ReadAtLeast(buffer.AsSpan(0, most), most, throwOnEndOfStream: false));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Container();

    [GeneratedRegex("pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")]
    private static partial Regex Pod();

    [GeneratedRegex("/job_([0-9]+)(?:/|$)", RegexOptions.Multiline)]
    private static partial Regex SlurmGroup();

    [GeneratedRegex(@"^Uid:\s+([0-9]{1,9})\b", RegexOptions.Multiline)]
    private static partial Regex UidLine();
}
