using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate;

/// <summary>Reads which linear layers adapters sit on, in the spellings of PEFT's target modules.</summary>
internal static class LoraTargetWords
{
    /// <summary>Null or unknown words mean what PEFT does by default for the model families: queries and values.</summary>
    public static Targets Read(string? text)
    {
        if (text is null)
        {
            return Targets.Query | Targets.Value;
        }
        var targets = Targets.None;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var end = rest.IndexOfAny(',', '+', ' ');
            var word = (end < 0 ? rest : rest[..end]).Trim();
            rest = end < 0 ? default : rest[(end + 1)..];
            targets |= Word(word);
        }
        return targets == Targets.None ? Targets.Query | Targets.Value : targets;
    }

    private static Targets Word(ReadOnlySpan<char> word) => word switch
    {
        "all-linear" or "all" => Targets.All,
        "mlp" or "ffn" => Targets.Mlp,
        "attn" or "attention" => Targets.Attention,
        "q" or "q_proj" or "query" or "wq" => Targets.Query,
        "k" or "k_proj" or "key" or "wk" => Targets.Key,
        "v" or "v_proj" or "value" or "wv" => Targets.Value,
        "o" or "o_proj" or "out_proj" or "c_proj" or "dense" or "wo" => Targets.Output,
        "c_attn" or "W_pack" or "query_key_value" or "qkv" or "qkv_proj" or "Wqkv" => Targets.Query | Targets.Key | Targets.Value,
        "gate" or "gate_proj" or "w1" => Targets.Gate,
        "up" or "up_proj" or "w2" or "w3" or "fc1" or "dense_h_to_4h" => Targets.Up,
        "down" or "down_proj" or "fc2" or "dense_4h_to_h" => Targets.Down,
        _ => Targets.None,
    };
}
