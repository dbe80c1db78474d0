using System.Collections.Immutable;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Jobs;

/// <summary>One key with its text and where it was written.</summary>
/// <param name="Place">"FILE:LINE", or the flag.</param>
public readonly record struct JobEntry(string Place, string Key, string Value);

/// <summary>Builds a job out of keys and texts, whichever format they were read from.</summary>
public static class JobReader
{
    /// <summary>Reads what a person wrote for this program: an unknown key, a key given twice or a value not understood is an error with its place.</summary>
    /// <param name="start">What the entries are written over; null = a job of which nothing is known.</param>
    public static Job Read(IEnumerable<JobEntry> entries, Job? start = null)
    {
        var job = start ?? new Job();
        var seen = new HashSet<string>();
        foreach (var (place, name, value) in entries)
        {
            if (!JobKeys.ByName.TryGetValue(name, out var key))
            {
                throw new BadInputException(place, $"unknown key '{name}'", $"did you mean {Nearest.Of(name, JobKeys.All.Select(k => k.Name))}?");
            }
            if (!seen.Add(name))
            {
                throw new BadInputException(place, $"{name} is given twice", "give it once");
            }
            job = Apply(job, key, value.Trim(), place);
        }
        return job;
    }

    /// <summary>Reads a row of a table that others made: a word that is not understood counts as unknown and is noted, a wrong number is an error.</summary>
    /// <param name="keys">The key of each column; null = the column is none of the vocabulary.</param>
    /// <returns>The job; or null with the reason.</returns>
    public static (Job? Job, string? Error) ReadRow(
        ReadOnlySpan<JobKey?> keys, ReadOnlySpan<string> values, ImmutableArray<string>.Builder notes)
    {
        var job = new Job();
        for (var i = 0; i < keys.Length && i < values.Length; i++)
        {
            if (keys[i] is not { } key || values[i].Trim() is not { Length: > 0 } value)
            {
                continue;
            }
            if (key.Set(job, value) is { } next)
            {
                job = next;
            }
            else if (key.IsWord)
            {
                notes.Add($"{key.Name} '{Plain.Text(value)}' is not understood and counts as unknown");
            }
            else
            {
                return (null, $"{key.Name} is '{Plain.Text(value)}'; expected {key.Expects}");
            }
        }
        return (job, null);
    }

    private static Job Apply(Job job, JobKey key, string value, string place) =>
        value.Length == 0 ? job
        : key.Set(job, value) ?? throw new BadInputException(place, $"{key.Name} is '{Plain.Text(value)}'", $"expected {key.Expects}");
}
