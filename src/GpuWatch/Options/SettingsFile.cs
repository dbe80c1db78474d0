using System.Globalization;
using GpuWatch.Core.Units;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace GpuWatch.Options;

/// <summary>A configuration file: YAML, flattened to settings that know their line.</summary>
internal static class SettingsFile
{
    public static IReadOnlyList<Setting> Read(string file)
    {
        using var reader = Open(file);
        return Read(file, reader);
    }

    public static IReadOnlyList<Setting> Read(string file, TextReader text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(text);
        }
        catch (YamlException bad)
        {
            throw new BadInputException(Place(file, bad.Start), "this is not YAML: " + OneLine(bad), "sections with settings are expected, as in 'sampling:' and below it '  period: 1s'");
        }
        var settings = new List<Setting>();
        foreach (var document in stream.Documents)
        {
            if (document.RootNode is YamlScalarNode { Value: null or "" })
            {
                continue;
            }
            if (document.RootNode is not YamlMappingNode root)
            {
                throw new BadInputException(Place(file, document.RootNode.Start), "the file holds no sections", "sections with settings are expected, as in 'sampling:' and below it '  period: 1s'");
            }
            Flatten(file, "", root, settings);
        }
        return settings;
    }

    private static void Flatten(string file, string path, YamlNode node, List<Setting> settings)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach (var (key, value) in mapping.Children)
                {
                    var name = (key as YamlScalarNode)?.Value ?? "";
                    Flatten(file, path.Length == 0 ? name : $"{path}.{name}", value, settings);
                }
                break;
            case YamlSequenceNode sequence:
                for (var i = 0; i < sequence.Children.Count; i++)
                {
                    Flatten(file, string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"), sequence.Children[i], settings);
                }
                break;
            case YamlScalarNode scalar:
                settings.Add(new Setting(path, scalar.Value ?? "", Place(file, scalar.Start)));
                break;
            default:
                throw new BadInputException(Place(file, node.Start), $"'{path}' refers to another place", "the value itself is expected");
        }
    }

    private static StreamReader Open(string file)
    {
        try
        {
            return new StreamReader(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException(file, "cannot be read: " + failure.Message, "a readable configuration file is expected");
        }
    }

    private static string Place(string file, Mark at) => string.Create(CultureInfo.InvariantCulture, $"{file}:{Math.Max(1, at.Line)}");

    private static string OneLine(YamlException bad) => (bad.InnerException?.Message ?? bad.Message).ReplaceLineEndings(" ");
}
