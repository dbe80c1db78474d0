using System.Globalization;
using GpuWatch.Core.Units;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace GpuWatch.Options;

/// <summary>
/// A configuration file: YAML, flattened to settings that know their line. It walks the parser's events and goes only as deep as
/// settings do, so that no file can exhaust the stack or, by its aliases, the memory.
/// </summary>
internal sealed class SettingsFile
{
    /// <summary>Levels below the root: "webhooks.0.headers.name" would need four.</summary>
    private const int Deepest = 4;

    private const string Expected = "sections with settings are expected, as in 'sampling:' and below it '  period: 1s'";

    private readonly string file;
    private readonly Parser parser;
    private readonly List<Setting> settings = [];
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    private SettingsFile(string file, TextReader text) => (this.file, parser) = (file, new Parser(text));

    /// <exception cref="BadInputException">With FILE:LINE: it cannot be read, or holds something else than settings.</exception>
    public static IReadOnlyList<Setting> Read(string file)
    {
        using var text = new StringReader(SmallFile.Read(file, "a readable configuration file in YAML"));
        return new SettingsFile(file, text).Documents();
    }

    private List<Setting> Documents()
    {
        try
        {
            parser.Consume<StreamStart>();
            while (parser.TryConsume<DocumentStart>(out _))
            {
                Root();
                parser.Consume<DocumentEnd>();
            }
        }
        catch (YamlException bad)
        {
            throw Bad(bad.Start, "this is not YAML: " + Plain.Text((bad.InnerException?.Message ?? bad.Message).ReplaceLineEndings(" ")), Expected);
        }
        return settings;
    }

    /// <summary>A file of comments only is a file that sets nothing.</summary>
    private void Root()
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            if (scalar.Value.Length > 0)
            {
                throw Bad(scalar.Start, "the file holds no sections", Expected);
            }
            return;
        }
        Mapping("", 1);
    }

    private void Mapping(string path, int depth)
    {
        if (!parser.TryConsume<MappingStart>(out _))
        {
            throw Bad(parser.Current!.Start, "the file holds no sections", Expected);
        }
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
            {
                throw Bad(parser.Current!.Start, "a key is not a word", "the name of a setting is expected");
            }
            var name = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            if (!taken.Add(name))
            {
                throw Bad(key.Start, $"'{Plain.Text(name)}' is set twice", "each setting once is expected");
            }
            Value(name, depth);
        }
    }

    private void Value(string path, int depth)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            settings.Add(new Setting(path, scalar.Value, Place(scalar.Start)));
        }
        else if (depth > Deepest)
        {
            throw Bad(parser.Current!.Start, $"'{Plain.Text(path)}' is nested deeper than any setting", "a value is expected");
        }
        else if (parser.TryConsume<SequenceStart>(out _))
        {
            for (var i = 0; !parser.TryConsume<SequenceEnd>(out _); i++)
            {
                Value(string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"), depth + 1);
            }
        }
        else if (parser.Accept<AnchorAlias>(out var alias))
        {
            throw Bad(alias.Start, $"'{Plain.Text(path)}' refers to another place", "the value itself is expected");
        }
        else
        {
            Mapping(path, depth + 1);
        }
    }

    private BadInputException Bad(Mark at, string problem, string expectation) => new(Place(at), problem, expectation);

    private string Place(Mark at) => string.Create(CultureInfo.InvariantCulture, $"{file}:{Math.Max(1, at.Line)}");
}
