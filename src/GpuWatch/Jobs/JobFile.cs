using System.Text;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace GpuWatch.Jobs;

/// <summary>Reads a job file: one mapping from keys of the vocabulary to values, in YAML or JSON (which YAML contains).</summary>
internal static class JobFile
{
    private const long Largest = 1 << 20;

    /// <exception cref="BadInputException">With FILE:LINE: the file cannot be read, is no mapping, or a key or value is wrong.</exception>
    public static Job Read(string path) => ModelFile.Resolve(JobReader.Read(Entries(path)), path);

    /// <summary>The keys and values of a job file with their places, not yet understood.</summary>
    /// <exception cref="BadInputException">With FILE:LINE: the file cannot be read or is no mapping.</exception>
    public static IEnumerable<JobEntry> Entries(string path) => Entries(path, Parse(path, Text(path)));

    private static string Text(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > Largest)
            {
                throw new BadInputException(path, "the file is larger than 1 MiB", "expected a job file");
            }
            using var reader = new StreamReader(file, new UTF8Encoding(false, true));
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException(path, "the file is not UTF-8 text", "expected a job file in YAML or JSON");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, Plain.Text(fault.Message), "expected a readable job file");
        }
    }

    private static YamlMappingNode Parse(string path, string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode mapping }]
                ? mapping
                : throw new BadInputException($"{path}:1", "the file is not one mapping", "expected lines such as 'method: lora'");
        }
        catch (YamlException fault)
        {
            throw new BadInputException($"{path}:{fault.Start.Line}", Plain.Text(fault.Message), "expected YAML or JSON");
        }
    }

    private static IEnumerable<JobEntry> Entries(string path, YamlMappingNode mapping)
    {
        foreach (var (key, value) in mapping.Children)
        {
            var place = $"{path}:{key.Start.Line}";
            if (key is not YamlScalarNode { Value: { } name })
            {
                throw new BadInputException(place, "a key is not a word", "expected a key of the vocabulary");
            }
            yield return new JobEntry(place, name, Value(place, name, value));
        }
    }

    /// <summary>The text of a scalar, or of a list of scalars joined by commas; empty for null.</summary>
    private static string Value(string place, string name, YamlNode value) => value switch
    {
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "~" or "Null" or "NULL" } => "",
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlSequenceNode list when list.Children.All(item => item is YamlScalarNode) =>
            string.Join(',', list.Children.Select(item => ((YamlScalarNode)item).Value)),
        _ => throw new BadInputException(place, $"{name} is a mapping", "expected a value or a list of values"),
    };
}
