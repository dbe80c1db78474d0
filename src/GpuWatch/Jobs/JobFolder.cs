using System.Globalization;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;

namespace GpuWatch.Jobs;

/// <summary>
/// A folder of job files, each named after whom it describes: a pid, a SLURM job id, a program or script of the command line
/// (train.py.yaml or train.yaml), the process's name, or a user. The closest description wins. Read when a process appears, so
/// a file dropped in beforehand is found; one that is wrong is told and passed over.
/// </summary>
/// <param name="say">Told of files that cannot be used.</param>
internal sealed class JobFolder(string folder, Action<string> say)
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>Null when no file describes the process.</summary>
    public Job? Of(ProcessFacts facts)
    {
        var (closest, file) = (0, "");
        foreach (var candidate in Files())
        {
            var closeness = Closeness(Path.GetFileNameWithoutExtension(candidate), facts);
            if (closeness > closest)
            {
                (closest, file) = (closeness, candidate);
            }
        }
        return closest == 0 ? null : Read(file);
    }

    private IEnumerable<string> Files()
    {
        try
        {
            return Directory.GetFiles(folder).Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            say($"{folder}: {Plain.Text(failure.Message)}");
            return [];
        }
    }

    /// <summary>Of the command line's words the first is the program, often only an interpreter; the others say what it runs.</summary>
    private static int Closeness(string name, ProcessFacts facts)
    {
        var words = (facts.CommandLine ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return name == facts.Pid.ToString(CultureInfo.InvariantCulture) ? 5
            : name == facts.SlurmJob ? 4
            : words.Skip(1).Any(word => IsNamed(word, name)) ? 3
            : name == facts.Name || words.Take(1).Any(word => IsNamed(word, name)) ? 2
            : name == facts.User ? 1 : 0;
    }

    private static bool IsNamed(string word, string name) =>
        Path.GetFileName(word) == name || Path.GetFileNameWithoutExtension(word) == name;

    private Job? Read(string file)
    {
        try
        {
            return JobFile.Read(file);
        }
        catch (BadInputException bad)
        {
            say(bad.Message);
            return null;
        }
    }
}
