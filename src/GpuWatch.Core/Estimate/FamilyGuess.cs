using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>The block family of a model that the catalogue does not know, by the name its makers gave the family.</summary>
internal static class FamilyGuess
{
    private static readonly (string[] Words, string Block)[] Families =
    [
        (["mpt"], "mpt"), (["gpt", "neox"], "gpt_neox"), (["pythia"], "gpt_neox"), (["gpt", "j"], "gptj"), (["gpt", "neo"], "gpt_neo"), (["gpt", "2"], "gpt2"),
        (["starcoder", "2"], "starcoder2"), (["bigcode"], "gpt2"), (["santacoder"], "gpt2"), (["starcoder"], "gpt2"), (["opt"], "opt"), (["bloom"], "bloom"),
        (["falcon"], "falcon"), (["phi", "2"], "phi"), (["phi", "1"], "phi"), (["phi", "1.5"], "phi"), (["roberta"], "roberta"), (["bert"], "bert"), (["vit"], "bert"),
        (["qwen", "3"], "qwen3"), (["gemma", "3"], "gemma3"), (["gemma", "2"], "gemma2"), (["gemma"], "gemma"), (["t5"], "t5"),
    ];

    /// <returns>Null when the name says nothing; most models since 2023 are like Llama.</returns>
    public static string? Of(Job job)
    {
        if ((job.HfId ?? job.ModelName) is not { } name)
        {
            return null;
        }
        var words = ModelName.Words(name);
        return Families.FirstOrDefault(family => Says(words, family.Words)).Block;
    }

    /// <summary>Its words follow each other; what is made of BERT ends in it ("distilbert", "camembert").</summary>
    private static bool Says(List<string> words, string[] family)
    {
        for (var at = 0; at + family.Length <= words.Count; at++)
        {
            if (family.Select((word, i) => words[at + i] == word || (word == "bert" && words[at + i].EndsWith("bert", StringComparison.Ordinal))).All(same => same))
            {
                return true;
            }
        }
        return false;
    }
}
