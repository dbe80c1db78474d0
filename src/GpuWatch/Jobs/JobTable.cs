using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>One row of a table of jobs.</summary>
/// <param name="Id">Its id column, or else its number among the rows, from 1.</param>
/// <param name="Job">Null when the row cannot be read; then <paramref name="Error"/> says why.</param>
/// <param name="Notes">Words that were not understood.</param>
/// <param name="Fields">Every field as written, in the order of <see cref="JobTable.Columns"/>; valid until the next row is asked for.</param>
internal readonly record struct JobRow(
    int Line, string Id, Job? Job, string? Error, ImmutableArray<string> Notes, IReadOnlyList<string> Fields);

/// <summary>A CSV of jobs: a column for each key of the vocabulary that is known, empty = unknown; other columns are passed over.</summary>
internal sealed class JobTable : IDisposable
{
    private readonly TextReader text;
    private readonly CsvReader csv;
    private readonly JobKey?[] keys;

    private JobTable(TextReader text, string path)
    {
        this.text = text;
        csv = new CsvReader(text, path);
        var header = csv.Read() ?? throw new BadInputException($"{path}:1", "the file is empty", "expected a header and rows");
        Columns = [.. header.Select(name => name.Trim())];
        keys = [.. Columns.Select(name => JobKeys.ByName.GetValueOrDefault(name))];
        if (Array.TrueForAll(keys, key => key is null))
        {
            throw new BadInputException($"{path}:1", "no column is a key of the job vocabulary", "expected a header such as id,model_name,method,micro_batch");
        }
        var twice = Columns.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1 && JobKeys.ByName.ContainsKey(group.Key));
        if (twice is not null)
        {
            throw new BadInputException($"{path}:1", $"column {twice.Key} is there twice", "expected each column once");
        }
    }

    public ImmutableArray<string> Columns { get; }

    /// <summary>Columns that are none of the vocabulary.</summary>
    public IEnumerable<string> PassedOver => Columns.Where((_, i) => keys[i] is null);

    /// <exception cref="BadInputException">The file cannot be read, is empty, or none of its columns is known.</exception>
    public static JobTable Open(string path)
    {
        TextReader? text = null;
        try
        {
            text = new StreamReader(path, new UTF8Encoding(false, true), detectEncodingFromByteOrderMarks: true);
            return new JobTable(text, path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or BadInputException)
        {
            text?.Dispose();
            throw fault as BadInputException ?? Unreadable(path, fault);
        }
    }

    /// <summary>The rows, one at a time, as they are read.</summary>
    public IEnumerable<JobRow> Rows(string path)
    {
        for (var number = 1; Next(path) is { } fields; number++)
        {
            var notes = ImmutableArray.CreateBuilder<string>();
            var (job, error) = JobReader.ReadRow(keys, CollectionsMarshal.AsSpan(fields), notes);
            if (error is null && fields.Count != Columns.Length)
            {
                (job, error) = (null, $"the row has {fields.Count} fields; expected {Columns.Length} as in the header");
            }
            if (job is { } read)
            {
                (job, error) = Resolved(read, path, notes);
            }
            var id = job?.Id ?? IdOf(fields) ?? number.ToString(CultureInfo.InvariantCulture);
            yield return new JobRow(csv.Line, id, job, error is null ? null : $"{path}:{csv.Line}: {error}", notes.DrainToImmutable(), fields);
        }
    }

    public void Dispose() => text.Dispose();

    private static (Job? Job, string? Error) Resolved(Job job, string path, ImmutableArray<string>.Builder notes)
    {
        try
        {
            return (ModelFile.Resolve(job, path, note: problem =>
            {
                if (!notes.Contains(problem))
                {
                    notes.Add(problem);
                }
            }), null);
        }
        catch (BadInputException bad)
        {
            return (null, bad.Message);
        }
    }

    private List<string>? Next(string path)
    {
        try
        {
            return csv.Read();
        }
        catch (Exception fault) when (fault is IOException or DecoderFallbackException)
        {
            throw Unreadable(path, fault);
        }
    }

    private string? IdOf(List<string> fields)
    {
        var at = Columns.IndexOf("id");
        return at >= 0 && at < fields.Count && fields[at].Trim() is { Length: > 0 } id ? id : null;
    }

    private static BadInputException Unreadable(string path, Exception fault) =>
        fault is DecoderFallbackException
            ? new(path, "the file is not UTF-8 text", "expected a CSV file")
            : new(path, Plain.Text(fault.Message), "expected a readable CSV file");
}
