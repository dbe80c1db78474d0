using System.Text.Json;
using GpuWatch.Core.Jobs;
using GpuWatch.Jobs;

namespace GpuWatch.Tests.Jobs;

public sealed class HfConfigTests
{
    [Theory]
    [InlineData(8_030_261_248, """{"model_type":"llama","hidden_size":4096,"intermediate_size":14336,"num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,"vocab_size":128256,"tie_word_embeddings":false,"attention_bias":false}""")]
    [InlineData(494_032_768, """{"model_type":"qwen2","hidden_size":896,"intermediate_size":4864,"num_attention_heads":14,"num_hidden_layers":24,"num_key_value_heads":2,"vocab_size":151936,"tie_word_embeddings":true}""")]
    [InlineData(124_439_808, """{"model_type":"gpt2","n_embd":768,"n_head":12,"n_layer":12,"n_positions":1024,"vocab_size":50257}""")]
    [InlineData(6_243_584_000, """{"model_type":"chatglm","hidden_size":4096,"ffn_hidden_size":13696,"num_attention_heads":32,"num_layers":28,"multi_query_group_num":2,"padded_vocab_size":65024,"add_qkv_bias":true,"kv_channels":128}""")]
    [InlineData(6_921_720_704, """{"model_type":"falcon","hidden_size":4544,"num_attention_heads":71,"num_hidden_layers":32,"multi_query":true,"new_decoder_architecture":false,"bias":false,"vocab_size":65024}""")]
    [InlineData(1_315_758_080, """{"model_type":"opt","hidden_size":2048,"ffn_dim":8192,"num_attention_heads":32,"num_hidden_layers":24,"max_position_embeddings":2048,"vocab_size":50272}""")]
    [InlineData(2_849_757_184, """{"model_type":"t5","d_model":2048,"d_ff":5120,"d_kv":64,"num_heads":32,"num_layers":24,"num_decoder_layers":24,"feed_forward_proj":"gated-gelu","tie_word_embeddings":false,"vocab_size":32128}""")]
    [InlineData(46_702_792_704, """{"model_type":"mixtral","hidden_size":4096,"intermediate_size":14336,"num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,"num_local_experts":8,"num_experts_per_tok":2,"vocab_size":32000}""")]
    [InlineData(15_706_484_224, """{"model_type":"deepseek_v2","hidden_size":2048,"intermediate_size":10944,"moe_intermediate_size":1408,"n_routed_experts":64,"n_shared_experts":2,"num_experts_per_tok":6,"first_k_dense_replace":1,"num_attention_heads":16,"num_key_value_heads":16,"num_hidden_layers":27,"kv_lora_rank":512,"q_lora_rank":null,"qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128,"vocab_size":102400}""")]
    [InlineData(20_914_757_184, """{"model_type":"gpt_oss","attention_bias":true,"head_dim":64,"hidden_size":2880,"intermediate_size":2880,"num_attention_heads":64,"num_experts_per_tok":4,"num_hidden_layers":24,"num_key_value_heads":8,"num_local_experts":32,"tie_word_embeddings":false,"vocab_size":201088}""")]
    [InlineData(9_241_705_984, """{"model_type":"gemma2","hidden_size":3584,"intermediate_size":14336,"head_dim":256,"num_attention_heads":16,"num_hidden_layers":42,"num_key_value_heads":8,"vocab_size":256000}""")]
    [InlineData(1_124_886_528, """{"model_type":"gpt_bigcode","n_embd":2048,"n_inner":8192,"n_head":16,"n_layer":24,"n_positions":2048,"multi_query":true,"vocab_size":49280}""")]
    public void A_configuration_gives_the_parameters_of_its_model(long parameters, string config) =>
        Assert.Equal(parameters, ParameterCount.Of(HfConfig.Read(JsonDocument.Parse(config).RootElement).Model!.Shape)!.Value.Total);

    [Fact]
    public void A_configuration_of_something_else_gives_nothing()
    {
        Assert.Null(HfConfig.Read(JsonDocument.Parse("""{"image_size":224}""").RootElement).Model);
        Assert.Null(HfConfig.Read(JsonDocument.Parse("[]").RootElement).Model);
    }
}
