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
    /// <exception cref="BadInputException">The file cannot be read or is no model's configuration.</exception>
    public static Job Resolve(Job job, string place)
    {
        var path = PathOf(job.HfId) ?? PathOf(job.ModelName);
        return path is null ? job : job with { Architecture = ModelShape.Over(job.Architecture, Read(path, place)) };
    }

    /// <summary>A name that ends in .json is a path; a folder counts when it holds a config.json.</summary>
    private static string? PathOf(string? name) =>
        name is null ? null
        : name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? name
        : File.Exists(Path.Combine(name, "config.json")) ? Path.Combine(name, "config.json")
        : null;

    private static Architecture Read(string path, string place)
    {
        try
        {
            if (new FileInfo(path).Length > Largest)
            {
                throw new BadInputException(path, "the file is larger than 1 MiB", "expected a model's config.json");
            }
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return HfConfig.Shape(json.RootElement)
                ?? throw new BadInputException(path, "it does not say how wide and how deep the model is", "expected hidden_size and num_hidden_layers");
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
