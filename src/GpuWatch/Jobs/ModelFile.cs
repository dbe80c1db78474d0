using System.Text.Json;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>Models that are described by a config.json instead of the catalogue.</summary>
internal static class ModelFile
{
    private const long Largest = 1 << 20;

    /// <summary>Fills in the architecture from the config.json that hf_id or model_name is the path of; any other job comes back as it is.</summary>
    /// <param name="place">Where the job says so, for errors.</param>
    /// <param name="note">Takes what contradicts itself though somebody may have run it, as in a table that others made; null: that is an error too.</param>
    /// <exception cref="BadInputException">The file cannot be read, is no model's configuration, or contradicts itself or the job.</exception>
    public static Job Resolve(Job job, string place, Action<string>? note = null)
    {
        if ((PathOf(job.HfId) ?? PathOf(job.ModelName)) is not { } path)
        {
            return job;
        }
        var model = Read(path, place);
        var resolved = job with { Architecture = ModelShape.Over(job.Architecture, model.Shape), StoredAs = model.StoredAs, ModelRemarks = model.Remarks };
        foreach (var wrong in Contradiction.In(resolved))
        {
            if (note is null || wrong.Impossible)
            {
                throw new BadInputException(path, wrong.Problem, wrong.Expectation);
            }
            note(wrong.Problem);
        }
        return resolved;
    }

    /// <summary>A name that ends in .json is a path; a folder counts when it holds a config.json.</summary>
    private static string? PathOf(string? name) =>
        name is null ? null
        : name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? name
        : File.Exists(Path.Combine(name, "config.json")) ? Path.Combine(name, "config.json")
        : null;

    private static ModelConfig Read(string path, string place)
    {
        try
        {
            if (new FileInfo(path).Length > Largest)
            {
                throw new BadInputException(path, "the file is larger than 1 MiB", "expected a model's config.json");
            }
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var (model, error) = HfConfig.Read(json.RootElement);
            return model ?? throw new BadInputException(path, error.Problem, error.Expectation);
        }
        catch (JsonException fault)
        {
            throw new BadInputException($"{path}:{fault.LineNumber + 1}", "this is not JSON", "expected a model's config.json");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(place, Plain.Text(fault.Message), "expected a readable config.json");
        }
    }
}
