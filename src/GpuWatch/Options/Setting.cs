namespace GpuWatch.Options;

/// <summary>One value a person gave, and where: "FILE:LINE", an environment variable or a flag.</summary>
/// <param name="Path">Section and key, "sampling.period"; the items of a list end in their number, "webhooks.0.url".</param>
internal sealed record Setting(string Path, string Value, string Place);
