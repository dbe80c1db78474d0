using System.Collections.Immutable;
using System.CommandLine;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;

namespace GpuWatch.Commands;

/// <summary>`--job FILE` and a flag for each key of the vocabulary; a flag wins over the file.</summary>
internal sealed class JobFlags
{
    private readonly Option<string> file = new("--job") { Description = "a job file in YAML or JSON", HelpName = "FILE" };
    private readonly ImmutableArray<(JobKey Key, Option<string> Option)> flags =
        [.. JobKeys.All.Select(key => (key, OptionOf(key)))];

    public void AddTo(Command command)
    {
        command.Options.Add(file);
        foreach (var (_, option) in flags)
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="BadInputException">The file or a flag is wrong.</exception>
    /// <returns>Null when neither a file nor a flag was given.</returns>
    public Job? Read(ParseResult parsed)
    {
        var entries = flags
            .Select(flag => (Place: Typed(parsed, flag.Option), flag.Key, Text: parsed.GetValue(flag.Option)))
            .Where(flag => flag.Text is not null)
            .Select(flag => new JobEntry(flag.Place, flag.Key.Name, flag.Text!))
            .ToArray();
        var path = parsed.GetValue(file);
        return path is null && entries.Length == 0
            ? null
            : ModelFile.Resolve(JobReader.Read(path is null ? [] : JobFile.Entries(path), entries), path ?? PlaceOfModel(parsed));
    }

    /// <summary>Where the model is named, for an error that only the estimator finds; where the job is, if nowhere.</summary>
    public string PlaceOfModel(ParseResult parsed)
    {
        var flag = flags.FirstOrDefault(flag => flag.Key.Name is "hf_id" or "model_name" && parsed.GetValue(flag.Option) is not null);
        if (flag.Key is not null)
        {
            return Typed(parsed, flag.Option);
        }
        return parsed.GetValue(file) is { } path
            ? JobFile.Entries(path).Where(entry => entry.Key is "hf_id" or "model_name").Select(entry => entry.Place).FirstOrDefault(path)
            : "estimate";
    }

    /// <summary>The flag as the user wrote it, an alias included.</summary>
    private static string Typed(ParseResult parsed, Option<string> option) => parsed.GetResult(option)?.IdentifierToken?.Value ?? option.Name;

    private static Option<string> OptionOf(JobKey key)
    {
        var option = new Option<string>(key.Flag) { Description = $"{key.Meaning}: {key.Expects}", HelpName = "VALUE" };
        if (key.Name == "model_name")
        {
            option.Aliases.Add("--model");
        }
        return option;
    }
}
