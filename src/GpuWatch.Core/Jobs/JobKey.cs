namespace GpuWatch.Core.Jobs;

/// <summary>One key of the vocabulary: how its text is read into a job and written from it. YAML, JSON, CSV and flags all go through it.</summary>
/// <param name="Name">snake_case, as in CONTRACTS 3; a flag says the same with dashes.</param>
/// <param name="Meaning">What it says, for help.</param>
/// <param name="Expects">What its text may be, for errors and help.</param>
/// <param name="IsWord">Its values are words of a list: in a batch one that is not understood counts as unknown. A number must be one.</param>
/// <param name="Set">The job with this key set; null when the text is not understood.</param>
/// <param name="Get">Its canonical text; null = unknown.</param>
public sealed record JobKey(
    string Name,
    string Meaning,
    string Expects,
    bool IsWord,
    Func<Job, string, Job?> Set,
    Func<Job, string?> Get)
{
    public string Flag { get; } = "--" + Name.Replace('_', '-');
}
