using GpuWatch.Core.Estimate.Explain;
using GpuWatch.Core.Jobs;
using GpuWatch.Tests.Support;
using System.Text.Json;

namespace GpuWatch.Tests.Estimate.Explain;

public sealed class ExplanationTests
{
    [SharedDataFact]
    public void The_closed_form_of_a_block_is_what_autograd_was_measured_to_save()
    {
        using var measured = JsonDocument.Parse(File.ReadAllText(Path.Combine(SharedData.Folder!, "saved_tensors.json")));
        var checkedRows = 0;
        foreach (var row in measured.RootElement.GetProperty("rows").EnumerateArray())
        {
            var kind = row.GetProperty("kind").GetString();
            if (kind is not ("llama" or "gpt2") || row.GetProperty("ckpt").GetBoolean()
                || (kind == "gpt2" && (row.GetProperty("mode").GetString() != "bf16" || row.GetProperty("gelu").GetString() != "new" || row.GetProperty("dropout").GetDouble() == 0)))
            {
                continue;
            }
            var form = Explanation.Of(OneBlock(row, kind)).First(term => term.Component == "activations").Value.Count;
            Assert.Equal(1, form / row.GetProperty("saved").GetDouble(), 0.02);
            checkedRows++;
        }
        Assert.True(checkedRows >= 50, $"only {checkedRows} rows");
    }

    private static Job OneBlock(JsonElement row, string kind)
    {
        var mode = row.GetProperty("mode").GetString();
        return new()
        {
            Architecture = new(
                Block: kind, Hidden: row.GetProperty("h").GetInt32(), Layers: 1, Heads: row.GetProperty("a").GetInt32(),
                KvHeads: row.GetProperty("kv").GetInt32(), Intermediate: row.GetProperty("ffn").GetInt32(), Vocab: 1000),
            WeightDtype = mode == "bf16" ? "bf16" : "fp32",
            Amp = mode == "amp",
            Attention = row.GetProperty("attn").GetString(),
            MicroBatch = row.GetProperty("b").GetInt32(),
            SeqLen = row.GetProperty("s").GetInt32(),
        };
    }

    [Theory]
    [InlineData("none", "flash", 12.2)]
    [InlineData("none", "eager", 38.0)]
    [InlineData("full", "flash", 0.92)]
    public void A_Llama_2_7B_keeps_what_was_measured_of_it_at_2048_tokens(string checkpointing, string attention, double gb)
    {
        var job = new Job { ModelName = "Llama-2-7B", WeightDtype = "bf16", MicroBatch = 1, SeqLen = 2048, GradCheckpointing = checkpointing, Attention = attention };

        Assert.Equal(gb, Explanation.Of(job).Last(term => term.Component == "activations").Value.Count / 1e9, 0.06);
    }

    [Fact]
    public void Weights_gradients_and_moments_of_pure_bf16_are_8_bytes_a_parameter()
    {
        var terms = Explanation.Of(new() { ModelName = "Llama-3.1-8B", Method = "full", WeightDtype = "bf16" });

        Assert.Equal(8L * 8_030_261_248, terms.Where(term => term.Component is "weights" or "gradients" or "optimizer_states").Sum(term => term.Value.Count));
    }

    [Fact]
    public void An_unknown_shape_has_no_terms() => Assert.Empty(Explanation.Of(new() { Architecture = new(ParametersBillion: 7) }));
}
