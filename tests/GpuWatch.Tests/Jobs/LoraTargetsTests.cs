using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Jobs;

public sealed class LoraTargetsTests
{
    [Theory]
    [InlineData("q_proj,v_proj", Targets.Query | Targets.Value)]
    [InlineData("Q_PROJ v_proj", Targets.Query | Targets.Value)]
    [InlineData("['q_proj', 'down_proj']", Targets.Query | Targets.Down)]
    [InlineData("w1,w2,w3", Targets.Mlp)]
    [InlineData("c_attn,c_proj,w1,w2", Targets.All)]
    [InlineData("c_attn,c_fc,c_proj", Targets.Attention | Targets.Up | Targets.Down)]
    [InlineData("model.layers.self_attn.o_proj", Targets.Output)]
    [InlineData("lm_head", Targets.Head)]
    [InlineData("q_proj+wte,lm_head", Targets.Query | Targets.Embedding | Targets.Head)]
    [InlineData("norm", Targets.Query | Targets.Value)]
    [InlineData(null, Targets.Query | Targets.Value)]
    public void Modules_are_read_as_their_families_name_them(string? text, object targets) => Assert.Equal(targets, LoraTargets.Read(text));

    [Fact]
    public void A_module_nobody_knows_is_an_error_for_a_person_and_a_note_in_a_table()
    {
        var error = Assert.Throws<BadInputException>(() => JobReader.Read(new JobEntry[] { new("--lora-targets", "lora_targets", "q_proj,quark") }));
        var notes = System.Collections.Immutable.ImmutableArray.CreateBuilder<string>();

        var (job, _) = JobReader.ReadRow([JobKeys.ByName["model_name"], JobKeys.ByName["lora_targets"]], ["gpt2", "quark"], notes);

        Assert.Contains("quark", error.Message, StringComparison.Ordinal);
        Assert.Null(job!.LoraTargets);
        Assert.Contains("quark", Assert.Single(notes), StringComparison.Ordinal);
    }

    /// <summary>PEFT's quick tour, mt0-large with rank 8 on queries and values: 2,359,296 trainable; T5-large has the same attention, 24 and 48 of them.</summary>
    [Fact]
    public void Adapters_sit_on_what_attends_across_the_stacks_too() => Assert.Equal(
        2_359_296,
        GpuWatch.Core.Estimate.Resolver.Resolve(new() { ModelName = "T5-large", Method = "lora", LoraRank = 8, LoraTargets = "q,v" }).Work!.TrainedParameters);
}
