using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace GpuWatch.Jobs;

/// <summary>Reads a job file: one mapping from keys of the vocabulary to values, in YAML or JSON (which YAML contains).</summary>
internal static class JobFile
{
    /// <exception cref="BadInputException">With FILE:LINE: the file cannot be read, is no mapping, or a key or value is wrong.</exception>
    public static Job Read(string path) => ModelFile.Resolve(JobReader.Read(Entries(path)), path);

    /// <summary>A job that is written inside another file.</summary>
    /// <exception cref="BadInputException">As for a file of its own, with the line within the text.</exception>
    public static Job Read(string path, string text) => ModelFile.Resolve(JobReader.Read(Parse(path, text)), path);

    /// <summary>The keys and values of a job file with their places, not yet understood.</summary>
    /// <exception cref="BadInputException">With FILE:LINE: the file cannot be read or is no mapping.</exception>
    public static IReadOnlyList<JobEntry> Entries(string path) => Parse(path, SmallFile.Read(path, "a readable job file in YAML or JSON"));

    /// <summary>
    /// Walks the parser's events: a job is one level of keys, so anything nested is an error at once and no depth can exhaust the stack.
    /// </summary>
    private static List<JobEntry> Parse(string path, string text)
    {
        var entries = new List<JobEntry>();
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _) || !parser.TryConsume<MappingStart>(out _))
            {
                throw new BadInputException($"{path}:1", "the file is not one mapping", "expected lines such as 'method: lora'");
            }
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                entries.Add(Entry(path, parser));
            }
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                throw new BadInputException($"{path}:{second.Start.Line}", "a second document begins", "expected one mapping");
            }
        }
        catch (YamlException fault)
        {
            throw new BadInputException($"{path}:{fault.Start.Line}", Plain.Text(fault.Message), "expected YAML or JSON");
        }
        return entries;
    }

    private static JobEntry Entry(string path, Parser parser)
    {
        if (!parser.TryConsume<Scalar>(out var key))
        {
            throw new BadInputException($"{path}:{parser.Current?.Start.Line ?? 1}", "a key is not a word", "expected a key of the vocabulary");
        }
        var place = $"{path}:{key.Start.Line}";
        return new JobEntry(place, key.Value, Value(place, key.Value, parser));
    }

    /// <summary>The text of a scalar, or of a list of scalars joined by commas; empty for null.</summary>
    private static string Value(string place, string name, Parser parser)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return scalar is { Style: ScalarStyle.Plain, Value: "null" or "~" or "Null" or "NULL" } ? "" : scalar.Value;
        }
        if (!parser.TryConsume<SequenceStart>(out _))
        {
            throw new BadInputException(place, $"{Plain.Text(name)} is a mapping or an alias", "expected a value or a list of values");
        }
        var items = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(parser.TryConsume<Scalar>(out var item)
                ? item.Value
                : throw new BadInputException(place, $"{Plain.Text(name)} is nested", "expected a value or a list of values"));
        }
        return string.Join(',', items);
    }
}
