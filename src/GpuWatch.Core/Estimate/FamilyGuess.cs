using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>The block family of a model that the catalogue does not know, by the name its makers gave the family.</summary>
internal static class FamilyGuess
{
    private static readonly (string Word, string Block)[] Families =
    [
        ("mpt", "mpt"), ("gpt-neox", "gpt_neox"), ("pythia", "gpt_neox"), ("gpt-j", "gptj"), ("gpt-neo", "gpt_neo"), ("gpt2", "gpt2"),
        ("starcoder2", "starcoder2"), ("bigcode", "gpt2"), ("santacoder", "gpt2"), ("starcoder", "gpt2"), ("opt-", "opt"), ("bloom", "bloom"),
        ("falcon", "falcon"), ("phi-2", "phi"), ("phi-1", "phi"), ("roberta", "roberta"), ("bert", "bert"), ("vit", "bert"), ("qwen3", "qwen3"),
        ("gemma-3", "gemma3"), ("gemma-2", "gemma2"), ("gemma", "gemma"), ("t5", "t5"),
    ];

    /// <returns>Null when the name says nothing; most models since 2023 are like Llama.</returns>
    public static string? Of(Job job)
    {
        var name = (job.HfId ?? job.ModelName)?.ToLowerInvariant();
        return name is null ? null : Families.FirstOrDefault(family => name.Contains(family.Word, StringComparison.Ordinal)).Block;
    }
}
