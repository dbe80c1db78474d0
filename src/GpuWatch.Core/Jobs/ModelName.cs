using System.Collections.Frozen;
using System.Text;

namespace GpuWatch.Core.Jobs;

/// <summary>Takes model names apart into words, so that one model's many spellings meet.</summary>
internal static class ModelName
{
    /// <summary>Words that name a variant with the same architecture.</summary>
    private static readonly FrozenSet<string> Variants = new[]
    {
        "hf", "chat", "instruct", "inst", "it", "pt", "base", "sft", "dpo", "gptq", "awq", "gguf", "bnb", "int4", "int8", "4bit", "8bit", "fp8", "nf4", "quantized", "unsloth",
        "meta", "uncased", "cased", "rlhf", "beta", "alpha", "tuned", "preview", "thinking", "coder", "math", "text", "4k", "8k", "16k", "32k", "64k", "128k", "bf16", "fp16", "gpt_bigcode", "small",
    }.ToFrozenSet();

    /// <summary>"meta-llama/Llama-2-7b-hf (fp16)" gives llama, 2, 7b, hf; "Qwen-1_8B" gives qwen, 1.8b; "gpt2" gives gpt, 2.</summary>
    public static List<string> Words(string name)
    {
        var bracket = name.IndexOf('(');
        var bare = (bracket > 0 ? name[..bracket] : name).Trim();
        bare = bare[(bare.TrimEnd('/').LastIndexOf('/') + 1)..].ToLowerInvariant();
        var words = new List<string>();
        var word = new StringBuilder();
        for (var i = 0; i < bare.Length; i++)
        {
            var letter = bare[i];
            var previous = i > 0 ? bare[i - 1] : ' ';
            var next = i + 1 < bare.Length ? bare[i + 1] : ' ';
            var isPoint = letter is '.' or '_' && char.IsAsciiDigit(previous) && char.IsAsciiDigit(next);
            if (isPoint)
            {
                word.Append('.');
            }
            else if (!char.IsAsciiLetterOrDigit(letter))
            {
                End(words, word);
            }
            else
            {
                // "llama2" is llama, 2; but "v0.1", "7b1", "r1" and "8x7b" stay whole.
                if (char.IsAsciiDigit(letter) && word.Length > 1 && char.IsAsciiLetter(previous) && char.IsAsciiLetter(word[0]) && !IsFormat(word.ToString()))
                {
                    End(words, word);
                }
                word.Append(letter);
            }
        }
        End(words, word);
        return words;
    }

    /// <summary>The first <paramref name="count"/> words without those that name a variant, wherever they stand.</summary>
    public static string Key(List<string> words, int count)
    {
        var kept = words.Take(count).Where((word, i) => !IsVariantInside(word, i, words.Count)).ToArray();
        return string.Join('-', kept.Length > 0 ? kept : words.Take(count));
    }

    /// <summary>A word that may be left off the end of a name: a variant, a version, a date or a count of layers.</summary>
    public static bool IsVariant(string word) =>
        Variants.Contains(word)
        || (word[0] == 'v' && word.Length > 1 && char.IsAsciiDigit(word[1]))
        || (word.Length >= 4 && word.All(char.IsAsciiDigit))
        || (char.IsAsciiDigit(word[0]) && word.EndsWith("layers", StringComparison.Ordinal));

    /// <summary>"small" and "base" are sizes of T5 and BERT, "alpha" a model of StableLM: inside a name they are kept.</summary>
    private static bool IsVariantInside(string word, int index, int count) =>
        Variants.Contains(word) && word is not ("small" or "base" or "alpha") && count > 1;

    /// <summary>"int8", "nf4", "fp16" and "bf16" are one word.</summary>
    private static bool IsFormat(string word) => word is "int" or "nf" or "fp" or "bf";

    private static void End(List<string> words, StringBuilder word)
    {
        if (word.Length > 0)
        {
            words.Add(word.ToString());
            word.Clear();
        }
    }
}
