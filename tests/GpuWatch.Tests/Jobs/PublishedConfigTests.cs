using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

/// <summary>config.json files as their makers publish them: with keys left out, parts nested, weights quantised, or of another kind of model.</summary>
public sealed class PublishedConfigTests : IDisposable
{
    private const string Llama8B = """ "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 128256 """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    // google/gemma-3-4b-it: the text part says neither vocabulary nor heads.
    [InlineData(3_880_263_168, """{"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024}, "vision_config": {"hidden_size": 1152}}""")]
    // llava-hf/llava-1.5-7b-hf: the text part is Llama's but for the vocabulary.
    [InlineData(6_738_939_904, """{"model_type": "llava", "text_config": {"model_type": "llama", "_name_or_path": "lmsys/vicuna-7b-v1.5", "vocab_size": 32064}, "vision_config": {"hidden_size": 1024}}""")]
    // meta-llama/Llama-4-Scout-17B-16E: a shared expert beside the routed ones, and a head of its own.
    [InlineData(107_769_861_120, """{"model_type": "llama4", "text_config": {"model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_attention_heads": 40, "num_hidden_layers": 48, "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 16, "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "vocab_size": 202048}}""")]
    // facebook/opt-350m: embeddings of half the width, projected, and no norm behind the last block.
    [InlineData(331_196_416, """{"model_type": "opt", "hidden_size": 1024, "ffn_dim": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "vocab_size": 50272, "max_position_embeddings": 2048, "word_embed_proj_dim": 512, "do_layer_norm_before": false}""")]
    // bigscience/bloom-7b1 spells its width as no other does.
    [InlineData(7_069_016_064, """{"model_type": "bloom", "n_embed": 4096, "n_layer": 30, "num_attention_heads": 32, "vocab_size": 250880}""")]
    [InlineData(46_702_792_704, """{"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32}""")]
    public void What_a_published_configuration_leaves_out_is_what_its_class_has_by_default(long parameters, string config) =>
        Assert.Equal(parameters, ParameterCount.Of(Read(config).Architecture)!.Value.Total);

    [Fact]
    public void A_mixture_that_does_not_say_how_many_experts_run_has_its_class_default() =>
        Assert.Equal(2, Read("""{"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "num_local_experts": 8, "vocab_size": 32000}""").Architecture.ExpertsPerToken);

    [Theory]
    [InlineData("""{"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34}, "vision_config": {"hidden_size": 1152}}""")]
    [InlineData("""{"model_type": "qwen2_5_vl", "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4, "vocab_size": 152064, "vision_config": {"depth": 32}}""")]
    public void A_vision_tower_that_is_not_counted_is_told(string config) =>
        Assert.Contains(Plan(config).Warnings, warning => warning.Contains("vision_config", StringComparison.Ordinal));

    [Fact]
    public void The_text_part_of_Qwen_VL_has_Qwens_biases() =>
        Assert.True(Read("""{"model_type": "qwen2_5_vl", "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4, "vocab_size": 152064, "vision_config": {"depth": 32}}""").Architecture.QkvBias);

    [Fact]
    public void A_decoder_of_an_unknown_type_is_counted_like_Llama_and_told() =>
        Assert.Contains(
            Plan("""{"model_type": "newcomer", "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 16, "num_hidden_layers": 16, "vocab_size": 32000}""").Warnings,
            warning => warning.Contains("model_type newcomer", StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"model_type": "mamba", "hidden_size": 768, "num_hidden_layers": 24, "vocab_size": 50280}""")]
    [InlineData("""{"model_type": "vit", "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12, "image_size": 224}""")]
    [InlineData("""{"model_type": "whisper", "d_model": 1280, "encoder_layers": 32, "decoder_layers": 32, "encoder_attention_heads": 20, "vocab_size": 51865, "num_hidden_layers": 32}""")]
    [InlineData("""{"model_type": "bart", "d_model": 1024, "encoder_layers": 12, "decoder_layers": 12, "encoder_attention_heads": 16, "encoder_ffn_dim": 4096, "vocab_size": 50265, "num_hidden_layers": 12}""")]
    public void What_is_no_transformer_decoder_is_refused(string config)
    {
        var bad = Assert.Throws<BadInputException>(() => Read(config));

        Assert.Contains("model_type", bad.Problem);
        Assert.DoesNotContain('\n', bad.Message);
    }

    [Theory]
    [InlineData("not divisible", """{"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 33, "num_hidden_layers": 2, "vocab_size": 100}""")]
    [InlineData("larger than any", """{"model_type": "llama", "hidden_size": 2147483647, "num_attention_heads": 1, "num_hidden_layers": 2147483647, "intermediate_size": 2147483647, "vocab_size": 2147483647}""")]
    [InlineData("larger than any", """{"model_type": "deepseek_v3", "hidden_size": 7168, "num_attention_heads": 128, "num_hidden_layers": 61, "intermediate_size": 18432, "vocab_size": 129280, "kv_lora_rank": 2147483647, "qk_nope_head_dim": 2147483647, "qk_rope_head_dim": 64, "v_head_dim": 2147483647}""")]
    public void A_configuration_that_contradicts_itself_is_refused_in_a_job_and_in_a_table(string told, string config)
    {
        var path = folder.File("config.json", config);
        var table = folder.File("jobs.csv", $"id,hf_id,method\na,{path},full\n");

        var bad = Assert.Throws<BadInputException>(() => Read(config));
        using var jobs = JobTable.Open(table);
        var row = jobs.Rows(table).Single();

        Assert.Contains(told, bad.Message);
        Assert.StartsWith(path, bad.Message);
        Assert.Null(row.Job);
        Assert.Contains(told, row.Error);
    }

    [Theory]
    [InlineData("awq", 4, """ "quant_method": "awq", "bits": 4, "group_size": 128 """)]
    [InlineData("gptq", 8, """ "quant_method": "gptq", "bits": 8, "group_size": 128 """)]
    [InlineData("nf4-dq", 4, """ "quant_method": "bitsandbytes", "load_in_4bit": true, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": true """)]
    [InlineData("nf4", 4, """ "load_in_4bit": true, "bnb_4bit_quant_type": "nf4" """)]
    [InlineData("int8", 8, """ "quant_method": "bitsandbytes", "load_in_8bit": true """)]
    public void Weights_that_are_stored_quantised_are_loaded_so_and_that_is_listed(string format, int bits, string quantisation)
    {
        var config = $$"""{ {{Llama8B}}, "quantization_config": { {{quantisation}} } }""";
        var plan = Plan(config, "method: lora");
        var said = Plan($$"""{ {{Llama8B}} }""", $"method: lora\nweight_dtype: {format}+bf16\nquant_bits: {bits}");
        var otherwise = Plan(config, "method: lora\nquant_bits: 2");

        Assert.Equal(said.PeakAllocated.Likely, plan.PeakAllocated.Likely);
        Assert.Contains(plan.Assumed, words => words.StartsWith($"weight_dtype {format}+bf16 (", StringComparison.Ordinal));
        Assert.True(otherwise.Phases.Load < plan.Phases.Load);
    }

    [Fact]
    public void Whole_weights_that_are_trained_are_not_the_quantised_ones_of_the_file()
    {
        var plan = Plan($$"""{ {{Llama8B}}, "quantization_config": {"quant_method": "awq", "bits": 4} }""", "method: full");

        Assert.True(plan.Phases.Load > Bytes.FromGiB(14));
        Assert.Contains(plan.Warnings, warning => warning.Contains("awq", StringComparison.Ordinal));
    }

    private Job Read(string config, string more = "") => JobFile.Read(folder.File("job.yaml", $"hf_id: {folder.File("config.json", config)}\n{more}"));

    private Plan Plan(string config, string more = "") => Estimator.Estimate(Read(config, more)).Plan!;
}
