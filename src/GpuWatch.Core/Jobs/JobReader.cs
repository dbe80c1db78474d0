using System.Collections.Immutable;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Jobs;

/// <summary>One key with its text and where it was written.</summary>
/// <param name="Place">"FILE:LINE", or the flag.</param>
public readonly record struct JobEntry(string Place, string Key, string Value);

/// <summary>Builds a job out of keys and texts, whichever format they were read from.</summary>
public static class JobReader
{
    /// <summary>
    /// Reads what a person wrote for this program, a layer over another (flags over a file). An unknown key, a key given twice in a layer,
    /// a value not understood or a contradiction is an error with its place.
    /// </summary>
    /// <exception cref="BadInputException">The first error.</exception>
    public static Job Read(params ReadOnlySpan<IEnumerable<JobEntry>> layers)
    {
        var job = new Job();
        var places = new Dictionary<string, string>();
        foreach (var layer in layers)
        {
            var seen = new HashSet<string>();
            if (layer.Any(entry => entry.Key is "model_name" or "hf_id" && entry.Value.Length > 0))
            {
                // Who names a model over a file means it, by whichever of its two names the file knew another.
                job = job with { ModelName = null, HfId = null };
            }
            foreach (var (place, name, value) in layer)
            {
                if (!JobKeys.ByName.TryGetValue(name, out var key))
                {
                    throw new BadInputException(
                        place, $"unknown key '{Plain.Text(name)}'", $"did you mean {JobKeys.Nearest(name)}?");
                }
                if (!seen.Add(name))
                {
                    throw new BadInputException(place, $"{name} is given twice", "expected it once");
                }
                places[name] = place;
                job = Apply(job, key, value.Trim(), place);
            }
        }
        job = Sharding.Counted(job);
        foreach (var wrong in Contradiction.In(job))
        {
            throw new BadInputException(places.GetValueOrDefault(wrong.Key) ?? places.Values.First(), wrong.Problem, wrong.Expectation);
        }
        return job;
    }

    /// <summary>
    /// Reads a row of a table that others made: a word that is not understood counts as unknown and is noted, and so is what nobody can
    /// have meant; a wrong number or an impossible job is an error.
    /// </summary>
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
                job = ReadFreely(job, key, value, notes);
            }
            else
            {
                return (null, $"{key.Name} is '{Plain.Text(value)}'; expected {key.Expects}");
            }
        }
        job = Sharding.Counted(job);
        foreach (var wrong in Contradiction.In(job))
        {
            if (wrong.Impossible)
            {
                return (null, wrong.ToString());
            }
            notes.Add(wrong.Problem);
        }
        return (job, null);
    }

    /// <summary>Words people write in tables go on after the word: "GaLore-AdamW8bit per-layer rank 1024". The longest beginning that is understood counts.</summary>
    private static Job ReadFreely(Job job, JobKey key, string value, ImmutableArray<string>.Builder notes)
    {
        for (var end = value.LastIndexOfAny([' ', ',']); end > 0; end = value.LastIndexOfAny([' ', ','], end - 1))
        {
            if (key.Set(job, value[..end]) is { } beginning)
            {
                return beginning;
            }
        }
        if (!value.Equals("unknown", StringComparison.OrdinalIgnoreCase))
        {
            notes.Add($"{key.Name} '{Plain.Text(value)}' is not understood and counts as unknown");
        }
        return job;
    }

    private static Job Apply(Job job, JobKey key, string value, string place) =>
        value.Length == 0 ? job
        : key.Set(job, value) ?? throw new BadInputException(place, $"{key.Name} is '{Plain.Text(value)}'", $"expected {key.Expects}");
}
