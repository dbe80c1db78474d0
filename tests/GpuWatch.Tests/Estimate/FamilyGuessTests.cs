using GpuWatch.Core.Estimate;

namespace GpuWatch.Tests.Estimate;

public sealed class FamilyGuessTests
{
    [Theory]
    [InlineData("/data/opt-in/my-llama", null)]
    [InlineData("invitation-7b", null)]
    [InlineData("my-opt-125m", "opt")]
    [InlineData("EleutherAI/gpt-neox-3b", "gpt_neox")]
    [InlineData("gpt-neo-350m", "gpt_neo")]
    [InlineData("my-gpt2-tiny", "gpt2")]
    [InlineData("camembert-base", "bert")]
    [InlineData("gemma-2-1b", "gemma2")]
    [InlineData("gemma-5b", "gemma")]
    [InlineData("Qwen3-2B", "qwen3")]
    public void The_family_is_told_by_words_of_the_name_alone(string name, string? block) => Assert.Equal(block, FamilyGuess.Of(new() { HfId = name }));
}
