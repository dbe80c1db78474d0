using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Estimate.Presets;

/// <summary>Each rule gives the numbers its own document works out.</summary>
public sealed class PresetsTests
{
    private static readonly Job Seven = new()
    {
        Architecture = new(ParametersBillion: 7, Hidden: 4096, Layers: 32, Heads: 32),
        Method = "full",
        WeightDtype = "fp16",
        MicroBatch = 1,
        SeqLen = 2048,
    };

    [Theory]
    [InlineData("weights", 14)]
    [InlineData("gradients", 14)]
    [InlineData("optimizer", 42)]
    [InlineData("activations", 10)]
    public void Four_part_7B_is_14_and_14_and_42_and_10_GB(string part, double gb) => Assert.Equal(gb, Part("four-part", Seven, part), 9);

    [Fact]
    public void Four_part_7B_is_80_GB_and_70B_is_700_without_activations()
    {
        Assert.Equal(80, Total("four-part", Seven), 9);
        Assert.Equal(700, Total("four-part", Sized(70)) - Part("four-part", Sized(70), "activations"), 9);
        Assert.Equal(56, Part("four-part-4x", Seven, "optimizer"), 9);
        Assert.Equal(96, Total("four-part-margin", Seven), 9);
    }

    [Fact]
    public void Four_part_activations_are_80_GB_at_batch_8_and_3_GB_with_checkpointing()
    {
        Assert.Equal(80, Part("four-part", Seven with { MicroBatch = 8 }, "activations"), 9);
        Assert.Equal(3, Part("four-part", Seven with { GradCheckpointing = "full" }, "activations"), 9);
        Assert.Equal(3.5, Part("four-part", Seven with { Method = "qlora" }, "weights"), 9);
    }

    [Theory]
    [InlineData("full", 80)]
    [InlineData("lora", 20)]
    [InlineData("qlora", 16)]
    public void Four_part_states_its_figures_for_7B(string method, double gb) => Assert.Equal(gb, Total("four-part-7b", Seven with { Method = method }), 9);

    [Fact]
    public void Fixed_and_dynamic_of_the_7B_example_are_56_and_8_59_GB_and_about_65_together()
    {
        var job = Seven with { MicroBatch = 32, SeqLen = 1024 };

        Assert.Equal(8.589934592, Part("fixed-dynamic", job, "dynamic"), 9);
        Assert.Equal(56, Total("fixed-dynamic", job) - Part("fixed-dynamic", job, "dynamic"), 9);
        Assert.Equal(65, Total("fixed-dynamic", job), 0);
    }

    [Theory]
    [InlineData("fp32", null, 26.077)]
    [InlineData("fp16", null, 13.04)]
    [InlineData("fp16", 8, 6.52)]
    [InlineData("fp16", 4, 3.26)]
    public void Weights_of_7B_are_26_and_13_and_6_5_and_3_26_GiB(string dtype, int? bits, double gib) =>
        Assert.Equal(gib, Total("weights", Seven with { WeightDtype = dtype, QuantBits = bits, Method = "inference" }) * 1e9 / (1L << 30), 2);

    [Theory]
    [InlineData("16x", 112)]
    [InlineData("20x", 140)]
    [InlineData("hf-18", 126)]
    [InlineData("adam-3x", 42)]
    public void Multiples_of_7B(string preset, double gb) => Assert.Equal(gb, Total(preset, Seven), 9);

    [Fact]
    public void Inference_is_1_2_times_the_weights() => Assert.Equal(16.8, Total("inference-1.2x", Seven with { Method = "inference" }), 9);

    [Fact]
    public void Activations_of_GPT_2_1_5B_are_60_GB_and_8_when_recomputed_and_its_buffers_6()
    {
        var job = new Job
        {
            Architecture = new(ParametersBillion: 1.5, Hidden: 1600, Layers: 48, Heads: 25),
            Method = "full",
            MicroBatch = 32,
            SeqLen = 1024,
        };

        Assert.Equal(60, Part("zero-activations", job, "activations"), 0);
        Assert.Equal(8, Part("zero-activations", job with { GradCheckpointing = "full" }, "activations"), 0);
        Assert.Equal(6, Part("zero-activations", job, "buffers"), 9);
    }

    [Fact]
    public void Every_cell_of_the_LLaMA_Factory_table_is_given_for_its_model()
    {
        (string Method, bool Amp, int? Bits)[] rows =
            [("full", true, null), ("full", false, null), ("freeze", false, null), ("lora", false, null), ("qlora", false, 8), ("qlora", false, 4), ("qlora", false, 2)];
        (double Size, int? Experts)[] columns = [(7, null), (13, null), (30, null), (70, null), (110, null), (46.7, 8), (140.6, 8)];
        int[][] table =
        [
            [120, 240, 600, 1200, 2000, 900, 2400],
            [60, 120, 300, 600, 900, 400, 1200],
            [20, 40, 80, 200, 360, 160, 400],
            [16, 32, 64, 160, 240, 120, 320],
            [10, 20, 40, 80, 140, 60, 160],
            [6, 12, 24, 48, 72, 30, 96],
            [4, 8, 16, 24, 48, 18, 48],
        ];
        for (var row = 0; row < 7; row++)
        {
            for (var column = 0; column < 7; column++)
            {
                var job = new Job
                {
                    Architecture = new(ParametersBillion: columns[column].Size, Experts: columns[column].Experts),
                    Method = rows[row].Method,
                    Amp = rows[row].Amp,
                    QuantBits = rows[row].Bits,
                };
                Assert.Equal(table[row][column], Total("llama-factory-table", job), 9);
            }
        }
    }

    [Theory]
    [InlineData("full", true, null, 126)]
    [InlineData("full", false, null, 56)]
    [InlineData("galore", false, null, 14)]
    [InlineData("qlora", false, 8, 7)]
    [InlineData("qlora", false, 4, 3.5)]
    [InlineData("qlora", false, 2, 1.75)]
    public void Todays_LLaMA_Factory_rule_multiplies_the_size(string method, bool amp, int? bits, double gb) =>
        Assert.Equal(gb, Total("llama-factory", Seven with { Method = method, Amp = amp, QuantBits = bits }), 9);

    [Theory]
    [InlineData(32, "full", "bf16", 192)]
    [InlineData(7, "full", "bf16", 42)]
    [InlineData(7, "lora", "bf16", 16.8)]
    [InlineData(7, "qlora", "bf16", 8.4)]
    [InlineData(72, "full", "fp32", 864)]
    public void Base_method_precision_and_margin_of_the_calculator_guide(double size, string method, string dtype, double gb) =>
        Assert.Equal(gb, Total("base-method-precision", Sized(size) with { Method = method, WeightDtype = dtype }), 9);

    [Theory]
    [InlineData("base-method", 7, "full", 70)]
    [InlineData("base-method", 7, "lora", 28)]
    [InlineData("base-method", 13, "qlora", 26)]
    [InlineData("base-method-precision", 13, "full", 65)]
    [InlineData("base-method-precision", 32, "full", 160)]
    [InlineData("base-method-precision", 32, "lora", 64)]
    public void The_calculator_guides_examples_before_the_margin(string preset, double size, string method, double gb) =>
        Assert.Equal(gb, Part(preset, Sized(size) with { Method = method, WeightDtype = "bf16" }, "base × method × precision"), 9);

    [Theory]
    [InlineData("zero-1", 31.4)]
    [InlineData("zero-2", 16.6)]
    [InlineData("zero-3", 1.9)]
    public void The_ZeRO_papers_figure_1_for_7_5B_on_64_GPUs(string preset, double gb) =>
        Assert.Equal(gb, Total(preset, Sized(7.5) with { NumGpus = 64 }), 1);

    [Fact]
    public void DeepSpeed_on_one_GPU_needs_20_bytes_a_parameter_with_ZeRO_2_and_18_and_a_layer_with_ZeRO_3()
    {
        var llama = new Job { ModelName = "Llama-2-7B", Method = "full" };
        const double parameters = 6_738_415_616;
        const double layer = 4.0 * (4 * 4096 * 4096 + 3 * 4096 * 11008 + 2 * 4096);

        Assert.Equal(20 * parameters / 1e9, Total("deepspeed-zero2", llama), 6);
        Assert.Equal((18 * parameters + layer) / 1e9, Total("deepspeed-zero3", llama), 6);
        Assert.Equal((2 * parameters / 4 + layer) / 1e9, Total("deepspeed-zero3", llama with { NumGpus = 4, Offload = "optimizer" }), 6);
    }

    [Theory]
    [InlineData("none", "eager", 30.6)]
    [InlineData("none", "flash", 9.1)]
    [InlineData("full", "eager", 0.5)]
    public void Korthikantis_activations_of_7B_at_2048_tokens(string checkpointing, string attention, double gb) =>
        Assert.Equal(gb, Part("korthikanti", Seven with { GradCheckpointing = checkpointing, Attention = attention }, "activations"), 1);

    [Fact]
    public void A_rule_says_why_it_does_not_cover_a_job()
    {
        Assert.All(AllPresets.List, preset =>
        {
            var answer = preset.Apply(PresetInput.Of(new Job { Architecture = new(ParametersBillion: 5), Method = "lora" }).Input!);
            Assert.True(answer.Parts.IsEmpty == answer.NotCovered is { Length: > 0 });
        });
    }

    private static Job Sized(double billion) => Seven with { Architecture = Seven.Architecture with { ParametersBillion = billion } };

    private static PresetAnswer Answer(string preset, Job job) => AllPresets.Find(preset)!.Apply(PresetInput.Of(job).Input!);

    private static double Total(string preset, Job job) => Answer(preset, job).Total.Count / 1e9;

    private static double Part(string preset, Job job, string part) => Answer(preset, job).Parts.Single(p => p.Name == part).Size.Count / 1e9;
}
