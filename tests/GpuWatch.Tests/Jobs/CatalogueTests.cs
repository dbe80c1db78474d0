using GpuWatch.Core.Jobs;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

public sealed class CatalogueTests
{
    /// <summary>Counts as published with the models (safetensors totals, model cards).</summary>
    [Theory]
    [InlineData("Llama-7B", 6_738_415_616)]
    [InlineData("Llama-13B", 13_015_864_320)]
    [InlineData("Llama-30B", 32_528_943_616)]
    [InlineData("Llama-65B", 65_285_660_672)]
    [InlineData("Llama-2-7B", 6_738_415_616)]
    [InlineData("Llama-2-13B", 13_015_864_320)]
    [InlineData("Llama-2-70B", 68_976_648_192)]
    [InlineData("CodeLlama-7B", 6_738_546_688)]
    [InlineData("CodeLlama-13B", 13_016_028_160)]
    [InlineData("CodeLlama-34B", 33_743_970_304)]
    [InlineData("CodeLlama-70B", 68_976_910_336)]
    [InlineData("gpt-oss-20b", 20_914_757_184)]
    [InlineData("gpt-oss-120b", 116_829_156_672)]
    [InlineData("Llama-3-8B", 8_030_261_248)]
    [InlineData("Llama-3-70B", 70_553_706_496)]
    [InlineData("Llama-3.1-8B", 8_030_261_248)]
    [InlineData("Llama-3.1-70B", 70_553_706_496)]
    [InlineData("Llama-3.1-405B", 405_853_388_800)]
    [InlineData("Llama-3.2-1B", 1_235_814_400)]
    [InlineData("Llama-3.2-3B", 3_212_749_824)]
    [InlineData("Llama-3.3-70B", 70_553_706_496)]
    [InlineData("TinyLlama-1.1B", 1_100_048_384)]
    [InlineData("Mistral-7B", 7_241_732_096)]
    [InlineData("Mistral-7B-v0.3", 7_248_023_552)]
    [InlineData("Mistral-Nemo-12B", 12_247_782_400)]
    [InlineData("Mistral-Small-22B", 22_247_282_688)]
    [InlineData("Mistral-Small-24B", 23_572_403_200)]
    [InlineData("Mistral-Large-123B", 122_610_069_504)]
    [InlineData("Ministral-8B", 8_019_808_256)]
    [InlineData("SOLAR-10.7B", 10_731_524_096)]
    [InlineData("Mixtral-8x7B", 46_702_792_704)]
    [InlineData("Mixtral-8x22B", 140_620_634_112)]
    [InlineData("Mixtral-8x22B-v0.3", 140_630_071_296)]
    [InlineData("Yi-6B", 6_061_035_520)]
    [InlineData("Falcon-180B", 179_522_565_120)]
    [InlineData("Yi-9B", 8_829_407_232)]
    [InlineData("Yi-34B", 34_388_917_248)]
    [InlineData("Qwen-1.8B", 1_836_828_672)]
    [InlineData("Qwen-7B", 7_721_324_544)]
    [InlineData("Qwen-14B", 14_167_290_880)]
    [InlineData("Qwen-72B", 72_287_920_128)]
    [InlineData("Qwen1.5-0.5B", 463_987_712)]
    [InlineData("Qwen1.5-1.8B", 1_836_828_672)]
    [InlineData("Qwen1.5-4B", 3_950_369_280)]
    [InlineData("Qwen1.5-7B", 7_721_324_544)]
    [InlineData("Qwen1.5-14B", 14_167_290_880)]
    [InlineData("Qwen1.5-32B", 32_512_218_112)]
    [InlineData("Qwen1.5-72B", 72_287_920_128)]
    [InlineData("Qwen1.5-110B", 111_209_914_368)]
    [InlineData("Qwen1.5-MoE-A2.7B", 14_315_784_192)]
    [InlineData("Qwen2-0.5B", 494_032_768)]
    [InlineData("Qwen2-1.5B", 1_543_714_304)]
    [InlineData("Qwen2-7B", 7_615_616_512)]
    [InlineData("Qwen2-72B", 72_706_203_648)]
    [InlineData("Qwen2.5-0.5B", 494_032_768)]
    [InlineData("Qwen2.5-1.5B", 1_543_714_304)]
    [InlineData("Qwen2.5-3B", 3_085_938_688)]
    [InlineData("Qwen2.5-7B", 7_615_616_512)]
    [InlineData("Qwen2.5-14B", 14_770_033_664)]
    [InlineData("Qwen2.5-32B", 32_763_876_352)]
    [InlineData("Qwen2.5-72B", 72_706_203_648)]
    [InlineData("Qwen3-0.6B", 596_049_920)]
    [InlineData("Qwen3-1.7B", 1_720_574_976)]
    [InlineData("Qwen3-4B", 4_022_468_096)]
    [InlineData("Qwen3-8B", 8_190_735_360)]
    [InlineData("Qwen3-14B", 14_768_307_200)]
    [InlineData("Qwen3-32B", 32_762_123_264)]
    [InlineData("Qwen3-30B-A3B", 30_532_122_624)]
    [InlineData("Qwen3-235B-A22B", 235_093_634_560)]
    [InlineData("Gemma-2B", 2_506_172_416)]
    [InlineData("Gemma-7B", 8_537_680_896)]
    [InlineData("Gemma-2-2B", 2_614_341_888)]
    [InlineData("Gemma-2-9B", 9_241_705_984)]
    [InlineData("Gemma-2-27B", 27_227_128_320)]
    [InlineData("Gemma-3-270M", 268_098_176)]
    [InlineData("Gemma-3-1B", 999_885_952)]
    [InlineData("Gemma-3-4B", 3_880_263_168)]
    [InlineData("Gemma-3-12B", 11_766_034_176)]
    [InlineData("Gemma-3-27B", 27_009_346_304)]
    [InlineData("Phi-1", 1_418_270_720)]
    [InlineData("Phi-1.5", 1_418_270_720)]
    [InlineData("Phi-2", 2_779_683_840)]
    [InlineData("Phi-3-mini", 3_821_079_552)]
    [InlineData("Phi-3-medium", 13_960_238_080)]
    [InlineData("Phi-3.5-MoE", 41_873_153_344)]
    [InlineData("Phi-4", 14_659_507_200)]
    [InlineData("Phi-4-mini", 3_836_021_760)]
    [InlineData("Falcon-7B", 6_921_720_704)]
    [InlineData("Falcon-40B", 41_303_293_952)]
    [InlineData("Falcon-RW-1B", 1_311_625_216)]
    [InlineData("Falcon3-7B", 7_455_550_464)]
    [InlineData("GPT-2", 124_439_808)]
    [InlineData("GPT-2-medium", 354_823_168)]
    [InlineData("GPT-2-large", 774_030_080)]
    [InlineData("GPT-2-xl", 1_557_611_200)]
    [InlineData("DistilGPT2", 81_912_576)]
    [InlineData("GPT-J-6B", 6_050_882_784)]
    [InlineData("GPT-Neo-125M", 125_198_592)]
    [InlineData("GPT-Neo-1.3B", 1_315_575_808)]
    [InlineData("GPT-Neo-2.7B", 2_651_307_520)]
    [InlineData("GPT-NeoX-20B", 20_554_567_680)]
    [InlineData("Pythia-70M", 70_426_624)]
    [InlineData("Pythia-160M", 162_322_944)]
    [InlineData("Pythia-410M", 405_334_016)]
    [InlineData("Pythia-1B", 1_011_781_632)]
    [InlineData("Pythia-1.4B", 1_414_647_808)]
    [InlineData("Pythia-2.8B", 2_775_208_960)]
    [InlineData("Pythia-6.9B", 6_857_302_016)]
    [InlineData("Pythia-12B", 11_846_072_320)]
    [InlineData("StableLM-3B-4E1T", 2_795_443_200)]
    [InlineData("StableLM-2-1.6B", 1_644_515_328)]
    [InlineData("StableLM-2-12B", 12_143_185_920)]
    [InlineData("OPT-125M", 125_239_296)]
    [InlineData("OPT-350M", 331_196_416)]
    [InlineData("OPT-1.3B", 1_315_758_080)]
    [InlineData("OPT-2.7B", 2_651_596_800)]
    [InlineData("OPT-6.7B", 6_658_473_984)]
    [InlineData("OPT-13B", 12_853_473_280)]
    [InlineData("OPT-30B", 29_974_540_288)]
    [InlineData("BLOOM-560M", 559_214_592)]
    [InlineData("BLOOM-1B1", 1_065_314_304)]
    [InlineData("BLOOM-1B7", 1_722_408_960)]
    [InlineData("BLOOM-3B", 3_002_557_440)]
    [InlineData("BLOOM-7B1", 7_069_016_064)]
    [InlineData("BLOOM-176B", 176_247_271_424)]
    [InlineData("T5-small", 60_506_624)]
    [InlineData("T5-base", 222_903_552)]
    [InlineData("T5-large", 737_668_096)]
    [InlineData("T5-3B", 2_851_598_336)]
    [InlineData("T5-11B", 11_307_321_344)]
    [InlineData("Flan-T5-small", 76_961_152)]
    [InlineData("Flan-T5-base", 247_577_856)]
    [InlineData("Flan-T5-large", 783_150_080)]
    [InlineData("Flan-T5-xl", 2_849_757_184)]
    [InlineData("Flan-T5-xxl", 11_135_332_352)]
    [InlineData("mT0-xxl", 12_921_057_280)]
    [InlineData("BERT-base", 109_482_240)]
    [InlineData("BERT-large", 335_141_888)]
    [InlineData("DistilBERT", 66_362_880)]
    [InlineData("RoBERTa-base", 124_645_632)]
    [InlineData("RoBERTa-large", 355_359_744)]
    [InlineData("XLM-RoBERTa-base", 278_043_648)]
    [InlineData("XLM-RoBERTa-large", 559_890_432)]
    [InlineData("ChatGLM2-6B", 6_243_584_000)]
    [InlineData("ChatGLM3-6B", 6_243_584_000)]
    [InlineData("GLM-4-9B", 9_399_951_360)]
    [InlineData("GLM-4-9B-0414", 9_400_279_040)]
    [InlineData("InternLM2-1.8B", 1_889_110_016)]
    [InlineData("InternLM2-7B", 7_737_708_544)]
    [InlineData("InternLM2-20B", 19_861_149_696)]
    [InlineData("InternLM3-8B", 8_804_241_408)]
    [InlineData("Granite-3-2B", 2_533_531_648)]
    [InlineData("Granite-3-8B", 8_170_848_256)]
    [InlineData("Granite-3-1B-A400M", 1_334_628_352)]
    [InlineData("SmolLM-135M", 134_515_008)]
    [InlineData("SmolLM-360M", 361_821_120)]
    [InlineData("SmolLM-1.7B", 1_711_376_384)]
    [InlineData("SmolLM2-135M", 134_515_008)]
    [InlineData("SmolLM2-360M", 361_821_120)]
    [InlineData("SmolLM2-1.7B", 1_711_376_384)]
    [InlineData("SmolLM3-3B", 3_075_098_624)]
    [InlineData("SantaCoder", 1_124_886_528)]
    [InlineData("StarCoder", 15_517_456_384)]
    [InlineData("StarCoderBase-1B", 1_137_207_296)]
    [InlineData("StarCoder2-3B", 3_030_371_328)]
    [InlineData("StarCoder2-7B", 7_173_923_840)]
    [InlineData("StarCoder2-15B", 15_957_889_024)]
    [InlineData("Baichuan2-7B", 7_505_973_248)]
    [InlineData("Baichuan2-13B", 13_896_668_160)]
    [InlineData("DeepSeek-LLM-7B", 6_910_365_696)]
    [InlineData("DeepSeek-Coder-1.3B", 1_346_471_936)]
    [InlineData("DeepSeek-Coder-6.7B", 6_740_512_768)]
    [InlineData("DeepSeek-Coder-33B", 33_342_991_360)]
    [InlineData("DeepSeek-MoE-16B", 16_375_728_128)]
    [InlineData("DeepSeek-V2-Lite", 15_706_484_224)]
    [InlineData("DeepSeek-V2", 235_741_434_880)]
    [InlineData("DeepSeek-V3", 671_026_419_200)]
    [InlineData("OLMo-1B", 1_176_764_416)]
    [InlineData("OLMo-7B", 6_888_095_744)]
    [InlineData("OLMo-2-7B", 7_298_617_344)]
    [InlineData("OLMo-2-13B", 13_716_198_400)]
    [InlineData("OLMoE-1B-7B", 6_919_161_856)]
    [InlineData("Aya-23-8B", 8_028_033_024)]
    [InlineData("Command-R-35B", 34_980_831_232)]
    [InlineData("MPT-7B", 6_649_286_656)]
    [Example("ParameterCount.Of"), Example("ParameterCount.Attention"), Example("ParameterCount.Mixture"), Example("ParameterCount.EncoderDecoder")]
    public void A_model_has_exactly_its_published_number_of_parameters(string name, long published) =>
        Assert.Equal(published, ParameterCount.Of(Catalogue.Find(name)!)!.Value.Total);

    /// <summary>
    /// No total is published with these, or none that could be looked up: it is what their modelling code makes of their configuration, written out
    /// here tensor by tensor (V vocabulary, h hidden, L layers, f MLP, k width of keys).
    /// </summary>
    public static TheoryData<string, long> Derived => new()
    {
        // llm-foundry, no biases, tied: V·h + L·(4h² + 8h² + 2h) + h; the published MPT-7B has this form too.
        { "MPT-125M", Mpt(50368, 768, 12) }, { "MPT-350M", Mpt(50368, 1024, 24) }, { "MPT-760M", Mpt(50368, 1536, 24) }, { "MPT-1B", Mpt(50368, 2048, 24) },
        { "MPT-3B", Mpt(50368, 2560, 32) }, { "MPT-13B", Mpt(50368, 5120, 40) }, { "MPT-30B", Mpt(50432, 7168, 48) }, { "MPT-70B", Mpt(50368, 8192, 80) },
        // modeling_opt, biases everywhere, tied, 2050 positions: (V + 2050)·h + L·(12h² + 13h) + 2h; so has OPT-30B.
        { "OPT-66B", (50272L + 2050) * 9216 + 64 * (12L * 9216 * 9216 + 13 * 9216) + 2 * 9216 },
        // modeling_gpt_neox, untied: 2·V·h + L·(12h² + 13h) + 2h; so has Pythia-12B.
        { "StableLM-base-alpha-3B", 2 * 50688L * 4096 + 16 * (12L * 4096 * 4096 + 13 * 4096) + 2 * 4096 },
        { "StableLM-base-alpha-7B", 2 * 50432L * 6144 + 16 * (12L * 6144 * 6144 + 13 * 6144) + 2 * 6144 },
        // modeling_gpt_bigcode, one key head of 128, tied, 8192 positions: (V + 8192)·h + L·(h² + h + 2·128·(h + 1) + h² + h + 8h² + 5h + 4h) + 2h; so has StarCoder.
        { "StarCoderBase-3B", BigCode(49152, 2816, 36) }, { "StarCoderBase-7B", BigCode(49152, 4096, 42) },
        // modeling_llama: 2·V·h + L·(2h² + 2h·k + 3h·f + 2h) + h; InternLM's attention has four biases; PowerLM is tied.
        { "DeepSeek-LLM-67B", 2 * 102400L * 8192 + Llama(8192, 1024, 22016, 95) },
        { "InternLM-7B", 2 * 103168L * 4096 + Llama(4096, 4096, 11008, 32) + 32 * 4 * 4096 },
        { "PowerLM-3B", 49152L * 2304 + Llama(2304, 2304, 9216, 40) },
        // modeling_granitemoe, tied: 40 experts of 512 and their router.
        { "Granite-3-3B-A800M", 49155L * 1536 + 32 * (2L * 1536 * 1536 + 2 * 1536 * 512 + 40L * 3 * 1536 * 512 + 40 * 1536 + 2 * 1536) + 1536 },
        // modeling_qwen2_moe: 64 experts of 2560, a shared one of 20480 with its gate, biases on q, k, v.
        { "Qwen2-57B-A14B", 2 * 151936L * 3584 + 28 * (2L * 3584 * 3584 + 2 * 3584 * 512 + 3584 + 2 * 512 + 64L * 3 * 3584 * 2560 + 64 * 3584 + 3L * 3584 * 20480 + 3584 + 2 * 3584) + 3584 },
    };

    /// <summary>108,641,793,536 and 401,583,781,376 are published; both have the same tower for pictures of 871,932,416, which is not counted.</summary>
    [Theory]
    [InlineData("Llama-4-Scout", 108_641_793_536)]
    [InlineData("Llama-4-Maverick", 401_583_781_376)]
    public void Of_a_model_that_sees_the_part_that_reads_is_counted(string name, long published) =>
        Assert.Equal(published - 871_932_416, ParameterCount.Of(Catalogue.Find(name)!)!.Value.Total);

    [Theory]
    [MemberData(nameof(Derived))]
    public void A_model_without_a_published_total_has_what_its_modelling_code_makes(string name, long derived) =>
        Assert.Equal(derived, ParameterCount.Of(Catalogue.Find(name)!)!.Value.Total);

    private static long Mpt(long vocab, long h, long layers) => vocab * h + layers * (12 * h * h + 2 * h) + h;

    private static long BigCode(long vocab, long h, long layers) => (vocab + 8192) * h + layers * (10 * h * h + 11 * h + 256 * (h + 1)) + 2 * h;

    private static long Llama(long h, long keys, long f, long layers) => layers * (2 * h * h + 2 * h * keys + 3 * h * f + 2 * h) + h;

    [Fact]
    public void Every_model_can_be_counted_and_is_found_by_its_own_name()
    {
        Assert.True(Catalogue.All.Length >= 80);
        Assert.All(Catalogue.All, shape =>
        {
            Assert.NotNull(ParameterCount.Of(shape));
            Assert.Equal(shape, Catalogue.Find(shape.Name!));
        });
    }

    [Theory]
    [InlineData("meta-llama/Llama-2-7b-hf", "Llama-2-7B")]
    [InlineData("llama2-7b", "Llama-2-7B")]
    [InlineData("TheBloke/Mistral-7B-v0.1-GPTQ", "Mistral-7B")]
    [InlineData("Mistral-7B-v0.2", "Mistral-7B")]
    [InlineData("mistralai/Mistral-7B-Instruct-v0.3", "Mistral-7B-v0.3")]
    [InlineData("TechxGenus/Meta-Llama-3-8B-GPTQ", "Llama-3-8B")]
    [InlineData("Qwen-1_8B-Chat", "Qwen-1.8B")]
    [InlineData("Qwen1.5-7B-Chat-AWQ", "Qwen1.5-7B")]
    [InlineData("Qwen/Qwen2.5-Coder-7B-Instruct", "Qwen2.5-7B")]
    [InlineData("unsloth/Qwen3-8B-Base-bnb-4bit", "Qwen3-8B")]
    [InlineData("bigcode/gpt_bigcode-santacoder", "SantaCoder")]
    [InlineData("bigcode/octocoder", "StarCoder")]
    [InlineData("bigscience/T0_3B", "Flan-T5-xl")]
    [InlineData("microsoft/Phi-3-mini-4k-instruct", "Phi-3-mini")]
    [InlineData("tinyllama-1.1b-6layers", "TinyLlama-1.1B")]
    [InlineData("gpt2-medium-8layers", "GPT-2-medium")]
    [InlineData("opt-1.3b", "OPT-1.3B")]
    [InlineData("LLaMA-7B (GaLore config, t5-base tokenizer but vocab 32000)", "Llama-7B")]
    public void Spellings_in_use_find_their_model(string written, string model) =>
        Assert.Equal(model, Catalogue.Find(written)?.Name);

    [Theory]
    [InlineData("gpt2-xxl")]
    [InlineData("Llama-3-9B")]
    [InlineData("vit_huge_patch14_224.orig_in21k")]
    [InlineData("openbuddy-zephyr-7b-v14.1")]
    [InlineData("instruct")]
    [InlineData("")]
    public void Another_size_or_an_unknown_name_finds_nothing(string written) => Assert.Null(Catalogue.Find(written));

    [Fact]
    public void An_unknown_model_without_a_shape_is_an_error_that_offers_the_nearest_names()
    {
        var (job, _, error) = ModelShape.Complete(new Job { ModelName = "meta-llama/Lama-3-8B" });

        Assert.Null(job);
        Assert.Contains("Llama-3-8B", error);
    }

    [Fact]
    public void What_the_job_says_of_its_shape_wins_over_the_catalogue()
    {
        var (job, from, _) = ModelShape.Complete(new Job { ModelName = "tinyllama-1.1b-6layers", Architecture = new(Layers: 6, Vocab: 50_000) });

        Assert.Equal("TinyLlama-1.1B", from?.Name);
        Assert.Equal((6, 50_000, 4, 5632), (job!.Architecture.Layers, job.Architecture.Vocab, job.Architecture.KvHeads, job.Architecture.Intermediate));
    }

    [SharedDataFact]
    public void Every_fully_trained_model_that_autograd_played_has_the_parameters_it_counted()
    {
        using var table = JobTable.Open(Path.Combine(SharedData.Folder!, "autograd.csv"));
        var column = table.Columns.IndexOf("trainable_params");
        foreach (var row in table.Rows("autograd.csv").Where(row => row.Job!.Method == "full"))
        {
            Assert.Equal(row.Fields[column], $"{ParameterCount.Of(ModelShape.Complete(row.Job!).Job!.Architecture)!.Value.Total}");
        }
    }

    [SharedDataFact]
    public void The_catalogue_agrees_with_what_the_published_measurements_say_of_their_models()
    {
        foreach (var name in (string[])["measured.csv", "autograd.csv"])
        {
            using var table = JobTable.Open(Path.Combine(SharedData.Folder!, name));
            foreach (var job in table.Rows(name).Select(row => row.Job!))
            {
                if (ModelShape.Complete(job).From is { } known)
                {
                    var said = job.Architecture;
                    Assert.Equal(
                        (said.Hidden, said.Layers, said.Heads, said.KvHeads, said.Intermediate, said.Vocab ?? known.Vocab),
                        (known.Hidden, known.Layers, known.Heads, known.KvHeads, known.Intermediate, known.Vocab));
                    Assert.Equal(said.ParametersBillion ?? 1, said.ParametersBillion is null ? 1 : ParameterCount.Of(known)!.Value.Total / 1e9, 0.02 * (said.ParametersBillion ?? 1));
                }
            }
        }
    }

    [Theory]
    [InlineData(6.74, 11008, "llama")]
    [InlineData(6.65, 16384, "mpt")]
    [InlineData(20.0, 11008, null)]
    public void The_family_of_an_unknown_model_is_told_by_its_number_of_parameters(double billion, int intermediate, string? block)
    {
        var shape = new Architecture(ParametersBillion: billion, Hidden: 4096, Layers: 32, Heads: 32, Intermediate: intermediate, Vocab: intermediate > 12_000 ? 50_432 : 32_000);

        Assert.Equal(block, ModelShape.Complete(new() { ModelName = "somebodys-7b", Architecture = shape }).Job!.Architecture.Block);
    }

    [Fact]
    public void Another_width_than_the_catalogues_takes_over_no_other_sizes()
    {
        var (job, _, _) = ModelShape.Complete(new Job { ModelName = "gemma-2-9b", Architecture = new(Hidden: 1024) });

        Assert.Equal((null, null, null), (job!.Architecture.HeadDim, job.Architecture.Heads, job.Architecture.Intermediate));
        Assert.Equal((256_000, "gemma2"), (job.Architecture.Vocab, job.Architecture.Block));
    }
}
