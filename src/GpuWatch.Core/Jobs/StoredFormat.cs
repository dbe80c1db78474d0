namespace GpuWatch.Core.Jobs;

/// <summary>The format in which a model's weights lie in its files, where they are quantised there: they are loaded so unless the job says otherwise.</summary>
internal static class StoredFormat
{
    /// <summary>
    /// The job with the weights it loads: those of the files, where it neither says how they are quantised nor trains them; else QLoRA's own format,
    /// NF4 (arXiv 2305.14314, section 3), so that its name alone and its format in words are one job.
    /// </summary>
    public static Job Loaded(Job job) =>
        job is { QuantBits: null, QuantFormat: null } && !Contradiction.TrainsBase(job.Method) && Of(job) is { } format && WeightFormat.Read(job, format) is { } loaded
            ? loaded with { WeightDtype = job.WeightDtype }
            : job is { QuantBits: null, QuantFormat: null, Method: "qlora" or "qdora" or "qoft" } ? job with { QuantFormat = "nf4", QuantBits = 4 }
            : job;

    /// <summary>As weight_dtype writes it; null: not quantised as far as is known.</summary>
    public static string? Of(Job job) => job.StoredAs ?? OfName(job.HfId) ?? OfName(job.ModelName);

    private static string? OfName(string? name) => name is null ? null : Told.Of(name);

    private static readonly Memo<string?> Told = new(Read);

    /// <summary>"TheBloke/Mistral-7B-v0.1-GPTQ", "Qwen2.5-7B-Instruct-GPTQ-Int8", "Qwen1.5-7B-Chat-AWQ", "unsloth/llama-3-8b-bnb-4bit".</summary>
    private static string? Read(string name)
    {
        var words = ModelName.Words(name);
        var isEight = words.Contains("int8") || words.Contains("8bit");
        return words.Contains("awq") ? "awq"
            : words.Contains("gptq") ? (isEight ? "gptq8" : "gptq4")
            : !words.Contains("bnb") ? null
            : isEight ? "int8"
            : words.Contains("4bit") ? "nf4" : null;
    }
}
