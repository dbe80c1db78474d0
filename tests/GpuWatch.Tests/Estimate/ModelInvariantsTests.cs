using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Estimate;

/// <summary>What must hold of every architecture, whatever was measured.</summary>
public sealed class ModelInvariantsTests
{
    private static readonly Job Full = new()
    {
        Method = "full", WeightDtype = "bf16", Amp = false, Optimizer = "adamw_fused", GradCheckpointing = "none", Attention = "flash", CrossEntropy = "hf2025",
        MicroBatch = 1, SeqLen = 512,
    };

    public static TheoryData<string> Models { get; } = [.. Catalogue.All.Select(shape => shape.Name!)];

    [Theory]
    [MemberData(nameof(Models))]
    public void The_trained_tensors_are_the_models_parameters(string model)
    {
        var work = Resolver.Resolve(Full with { ModelName = model }).Work!;
        Span<TensorSize> tensors = stackalloc TensorSize[TensorSizes.Most];
        Assert.Equal(ParameterCount.Of(Catalogue.Find(model)!)!.Value.Total, TensorSizes.Sum(tensors[..TensorSizes.Trained(work.Step, tensors)]));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_parameter_has_a_gradient_and_two_moments(string model)
    {
        var plan = Estimator.Estimate(Full with { ModelName = model }).Plan!;
        var weights = (double)plan.Stations.Load.Weights.Count;
        Assert.InRange(plan.Stations.FirstOptimizer.Gradients.Count / weights, 0.998, 1.002);
        Assert.InRange(plan.Stations.FirstOptimizer.OptimizerStates.Count / weights, 1.9999, 2.0001);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Most_of_a_model_is_played_and_not_only_counted(string model)
    {
        var step = Resolver.Resolve(Full with { ModelName = model }).Work!.Step;
        Assert.InRange((double)step.Block.Unplayed / (TensorSizes.InBlock(step) + 1), 0, 0.2);
    }

    /// <summary>What is kept beside the blocks was one piece for the replay, which left one huge hole.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(48)]
    [InlineData(64)]
    public void What_selective_checkpointing_keeps_leaves_no_hole_as_large_as_itself(int batch)
    {
        var plan = Estimator.Estimate(Full with { ModelName = "Llama-2-7B", GradCheckpointing = "selective", MicroBatch = batch, Optimizer = "adamw_torch" }).Plan!;
        Assert.InRange(plan.PeakReserved.Likely / plan.PeakAllocated.Likely, 1, 1.15);
    }

    [Fact]
    public void Only_who_gathers_weights_frees_them_late()
    {
        var (ddp, zero1, zero2, zero3) = (Cache("ddp"), Cache("zero1"), Cache("zero2"), Cache("zero3"));
        Assert.InRange(Math.Max(zero1, zero2) - ddp, -0.05, 0.05);
        Assert.InRange(zero3 - ddp, 0.1, 1);

        static double Cache(string parallelism)
        {
            var plan = Estimator.Estimate(Full with { ModelName = "Llama-2-7B", NumGpus = 2, Parallelism = parallelism, MasterWeights = true }).Plan!;
            return plan.PeakReserved.Likely / plan.PeakAllocated.Likely - 1;
        }
    }

    public static TheoryData<string> TwoStacks { get; } =
        [.. Catalogue.All.Where(shape => BlockTraits.Of(shape.Block).EncoderDecoder).Select(shape => shape.Name!), "t5", "t5_gated"];

    [Theory]
    [MemberData(nameof(TwoStacks))]
    public void A_model_of_two_stacks_has_room_for_all_its_tensors_whatever_is_asked_of_it(string model)
    {
        var named = BlockTraits.Names.Contains(model)
            ? new Job { Architecture = new(Block: model, Hidden: 512, Layers: 12, Heads: 8, KvHeads: 8, Intermediate: 2048, Vocab: 32_128) }
            : new Job { ModelName = model };
        foreach (var method in JobWords.Methods.Words)
        {
            foreach (var targets in (string?[])[null, "q,v", "all-linear"])
            {
                foreach (var biased in (bool?[])[null, true, false])
                {
                    var job = named with { Method = method, LoraTargets = targets, Architecture = named.Architecture with { QkvBias = biased } };
                    var plan = Estimator.Estimate(job).Plan!;
                    Assert.Equal(plan.PeakDevice.Likely, plan.Components.Sum());
                }
            }
        }
    }

    public static TheoryData<string> Families { get; } = [.. BlockTraits.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void No_component_is_negative_however_many_blocks_one_stands_for(string family)
    {
        foreach (var (method, checkpointing, loss, accumulated) in
            from method in (string[])["full", "lora", "qlora", "freeze", "badam", "inference"]
            from checkpointing in (string[])["none", "full", "selective"]
            from loss in JobWords.CrossEntropy.Words
            from accumulated in (int[])[1, 2]
            select (method, checkpointing, loss, accumulated))
        {
            var job = new Job
            {
                Architecture = new(Block: family, Hidden: 16, Layers: 100, Heads: 2, KvHeads: 2, Intermediate: 64, Vocab: 50_257, TiedEmbeddings: false), LoraTargets = "all-linear",
                Method = method, GradCheckpointing = checkpointing, CrossEntropy = loss, GradAccum = accumulated,
            };
            var plan = Estimator.Estimate(job).Plan!;
            Assert.All(plan.Components.Named(), part => Assert.True(part.Size >= Bytes.Zero, $"{method} {checkpointing} {loss}: {part.Name} {part.Size.Count}"));
            Assert.Equal(plan.PeakDevice.Likely, plan.Components.Sum());
        }
    }

    [Fact]
    public void The_loss_hands_its_gradient_to_the_blocks_once()
    {
        var shape = new Architecture(
            Block: "opt_post", Hidden: 1, Layers: 100, Heads: 1, KvHeads: 1, Intermediate: 4096, Vocab: 50_257, TiedEmbeddings: false, QkvBias: true);
        var job = new Job { Architecture = shape, Method = "qlora", LoraTargets = "all-linear", LoraDtype = "bf16", FusedCe = true, NumGpus = 2 };
        foreach (var checkpointing in (string[])["full", "none"])
        {
            var plan = Estimator.Estimate(job with { GradCheckpointing = checkpointing }).Plan!;
            Assert.All(plan.Components.Named(), part => Assert.True(part.Size >= Bytes.Zero, part.Name));
        }
    }

    [Fact]
    public void With_accumulation_forward_runs_beside_the_gradients_of_the_micro_batch_before()
    {
        var job = Full with { ModelName = "meta-llama/Llama-3.1-8B", SeqLen = 4096 };
        var (one, eight) = (Estimator.Estimate(job).Plan!, Estimator.Estimate(job with { GradAccum = 8 }).Plan!);
        var forward = one.Phases.FirstForward - one.Phases.Load;
        var held = one.Stations.FirstOptimizer.Gradients + one.Stations.FirstOptimizer.OptimizerStates + one.Phases.Load;
        Assert.True(one.PeakAllocated.Likely < eight.PeakAllocated.Likely);
        Assert.True(held + forward <= eight.Phases.Steady);
        Assert.InRange(eight.Phases.Steady.Count, (held + forward).Count, 1.05 * (held + forward).Count);
    }

    [Theory]
    [InlineData("hf")]
    [InlineData("hf2025")]
    [InlineData("fused")]
    [InlineData("chunked")]
    public void Accumulation_never_needs_less(string loss)
    {
        foreach (var model in (string[])["gpt2", "Qwen2.5-0.5B", "Qwen3-8B", "DeepSeek-V2-Lite"])
        {
            foreach (var optimizer in (string[])["adamw_fused", "lomo", "sgd"])
            {
                var job = Full with { ModelName = model, CrossEntropy = loss, Optimizer = optimizer, MicroBatch = 4 };
                Assert.True(Estimator.Estimate(job with { GradAccum = 4 }).Plan!.PeakAllocated.Likely >= Estimator.Estimate(job).Plan!.PeakAllocated.Likely);
            }
        }
    }

    [Theory]
    [InlineData("freeze", 0.03, 0.12)]
    [InlineData("badam", 0.5, 0.9)]
    [InlineData("lisa", 0.5, 0.9)]
    [InlineData("llamapro", 0.5, 0.9)]
    [InlineData("lomo", 0.99, 1.01)]
    [InlineData("adalomo", 0.99, 1.01)]
    public void A_method_that_trains_part_of_the_model_keeps_what_its_gradients_flow_through(string method, double least, double most)
    {
        var job = Full with { ModelName = "Llama-2-7B", MicroBatch = 4, SeqLen = 4096, Optimizer = null };
        var (all, part) = (Estimator.Estimate(job).Plan!, Estimator.Estimate(job with { Method = method }).Plan!);
        Assert.InRange((double)part.Stations.FirstForward.Activations.Count / all.Stations.FirstForward.Activations.Count, least, most);
        Assert.True(part.Stations.FirstBackward.Gradients < all.Stations.FirstOptimizer.Gradients * 0.1);
        Assert.True(part.Phases.FirstBackward > part.Phases.Load);
    }

    [Theory]
    [InlineData("freeze")]
    [InlineData("badam")]
    public void A_method_that_trains_two_blocks_has_their_gradients_and_states(string method)
    {
        var plan = Estimator.Estimate(Full with { ModelName = "Llama-2-7B", Method = method }).Plan!.Stations.FirstOptimizer;
        const double block = 202_383_360;
        Assert.InRange(plan.Gradients.Count / (2 * 2 * block), 0.99, 1.01);
        Assert.InRange(plan.OptimizerStates.Count / (4 * 2 * block), 0.99, 1.01);
    }

    [Theory]
    [InlineData("seq_len", "2000000000")]
    [InlineData("seq_len", "16777216", "attention", "eager")]
    [InlineData("layers", "16777216", "hidden", "16777216")]
    [InlineData("micro_batch", "16777216")]
    public void Sizes_that_no_gpu_can_have_are_an_error_with_its_place(params string[] words)
    {
        List<JobEntry> entries = [new("job.yaml:1", "model_name", "Llama-2-7B"), new("job.yaml:2", "seq_len", "16777216")];
        entries.RemoveAll(entry => words[0] == entry.Key);
        entries.AddRange(words.Chunk(2).Select((pair, i) => new JobEntry($"job.yaml:{3 + i}", pair[0], pair[1])));
        Assert.StartsWith("job.yaml:", Assert.Throws<BadInputException>(() => JobReader.Read(entries)).Place);
    }

    [Fact]
    public void Quantised_kin_of_qlora_have_quantised_weights()
    {
        var job = new Job { ModelName = "Llama-2-7B", Method = "lora", WeightDtype = "bf16" };
        foreach (var (plain, quantised) in (ReadOnlySpan<(string, string)>)[("lora", "qlora"), ("dora", "qdora"), ("oft", "qoft")])
        {
            Assert.True(Estimator.Estimate(job with { Method = quantised }).Plan!.Components.Weights < Estimator.Estimate(job with { Method = plain }).Plan!.Components.Weights * 0.4);
        }
    }

    [Theory]
    [InlineData("adamw_8bit", 2.03)]
    [InlineData("ademamix_8bit", 3.05)]
    [InlineData("ademamix", 12)]
    [InlineData("paged_adamw_32bit", 0)]
    public void An_optimizer_of_bitsandbytes_keeps_its_own_states(string optimizer, double bytesEach) =>
        Assert.InRange(
            Estimator.Estimate(Full with { ModelName = "Llama-2-7B", Optimizer = optimizer }).Plan!.Stations.FirstOptimizer.OptimizerStates.Count / 6_738_415_616.0, bytesEach - 0.01, bytesEach + 0.01);

    [Fact]
    public void A_classifier_trains_its_whole_embedding()
    {
        var plan = Estimator.Estimate(Full with { ModelName = "bert-base-uncased", CrossEntropy = "classification" }).Plan!;
        Assert.InRange(plan.Components.OptimizerStates.Count / (4 * 109.5e6), 0.99, 1.01);
        Assert.InRange(plan.Stations.FirstOptimizer.Gradients.Count / (2 * 109.5e6), 0.99, 1.01);
    }
}
