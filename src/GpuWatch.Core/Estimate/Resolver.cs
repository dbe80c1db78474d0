using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Formulas;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate;

/// <summary>Decides what a job leaves open, and divides it among its GPUs.</summary>
internal readonly ref partial struct Resolver
{
    private readonly Job job;
    private readonly Architecture shape;
    private readonly Architecture complete;
    private readonly bool isBlockGuessed;
    private readonly bool isLoadedAsStored;
    private readonly bool isFromCatalogue;
    private readonly int positions;
    private readonly BlockTraits traits;
    private readonly ParameterCount parameters;
    private readonly Layout layout;
    private readonly MethodKind method;
    private readonly ImmutableArray<string>.Builder assumed, warnings;

    private Resolver(Job job, Architecture complete, bool isBlockGuessed, bool isLoadedAsStored, Architecture? from, ParameterCount parameters)
    {
        (this.isLoadedAsStored, isFromCatalogue) = (isLoadedAsStored, from is not null);
        (this.job, this.complete, this.isBlockGuessed, shape) = (job, complete, isBlockGuessed, job.Architecture);
        traits = BlockTraits.Of(shape.Block);
        positions = shape.Positions ?? (from is { } known && known.Hidden == shape.Hidden ? BlockTraits.Of(known.Block).Positions : traits.Positions);
        var more = (positions - (shape.Positions ?? traits.Positions)) * (long)Hidden;
        this.parameters = parameters with
        {
            Rest = parameters.Rest + more,
            // A classifier's head takes the place of the language model's.
            Head = Classifies ? (long)Classes * Hidden : parameters.Head,
        };
        layout = Layout.Of(job);
        method = Methods.Of(job.Method);
        (assumed, warnings) = (Scratch.OfThread.Assumed, Scratch.OfThread.Warnings);
        assumed.Clear();
        warnings.Clear();
    }

    /// <returns>The workload, or null with the reason when the model's shape is not known.</returns>
    public static (Workload? Work, string? Error) Resolve(Job given)
    {
        var (job, from, error) = ModelShape.Complete(given);
        if (job is null)
        {
            return (null, error);
        }
        if (job.Architecture.Block is null && FamilyGuess.Of(job) is { } family)
        {
            job = job with { Architecture = job.Architecture with { Block = family } };
        }
        if (ShapeGuess.Fill(job.Architecture) is not { } shape || ParameterCount.Of(shape) is not { } parameters)
        {
            return (null, "the model's shape is not known; give hidden, layers, heads, intermediate and vocab");
        }
        if (from is null)
        {
            (shape, parameters) = ShapeGuess.Reconcile(shape, parameters, given.Architecture.Block is not null);
        }
        var resolver = new Resolver(
            ReferenceEquals(shape, job.Architecture) ? job : job with { Architecture = shape }, job.Architecture, from is null && given.Architecture.Block is null, job.QuantFormat != given.QuantFormat, from, parameters);
        return (resolver.Resolve(), null);
    }

    private int Hidden => shape.Hidden!.Value;
    private int HeadDim => shape.Latent is { } latent ? latent.NopeDim + latent.RopeDim : shape.HeadDim ?? Math.Max(1, Hidden / shape.Heads!.Value);
    private bool Quantised => Methods.IsQuantised(job);
    private bool Trains => method is MethodKind.Full or MethodKind.Blockwise or MethodKind.Last or MethodKind.Projected;
    private bool Amp => job.Amp ?? false;
    /// <summary>Bytes of a stored number of the weights that are not quantised.</summary>
    private int StoredWidth => Dtype == "fp32" ? 4 : 2;
    /// <summary>Autocast is made for fp32 weights, which trainers load where nothing else is said (torch.autocast); DeepSpeed and masters bring 16-bit ones.</summary>
    private string Dtype => job.WeightDtype ?? (Amp && !Quantised && !DeepSpeed && job.MasterWeights != true ? "fp32" : "bf16");
    /// <summary>FSDP's and ZeRO's mixed precision casts a unit when it is gathered, so blocks see 16-bit weights.</summary>
    private bool CastsOnGather => layout.SharesWeights && (Amp || Masters);
    private int ComputeWidth => Amp || CastsOnGather ? 2 : StoredWidth;
    private int BlockWeightWidth => CastsOnGather ? 2 : StoredWidth;
    private bool Masters => (job.MasterWeights ?? DeepSpeed) && StoredWidth == 2 && Trains;
    private bool OffloadsParameters => job.Offload?.Contains("params", StringComparison.Ordinal) ?? false;
    private bool DeepSpeed => layout.Sharding.State != ShardedState.None && !layout.Sharding.Fsdp;

    private Workload Resolve()
    {
        Assume();
        var step = Step();
        var evaluation = Evaluation(step);
        var weights = Weights(step);
        var trained = TrainedParameters(step);
        var gradients = Masters && DeepSpeed ? 2 : method is MethodKind.Adapter ? step.Block.LoraWidth : StoredWidth;
        return new(
            job, step, layout, method, parameters, weights, trained, Optimizer, Masters ? 4 : method is MethodKind.Adapter ? step.Block.LoraWidth : StoredWidth,
            Masters, gradients, layout.Sharding.Ddp && (job.NumGpus ?? 1) > 1 ? Shared.DdpBuckets(trained, gradients, method is MethodKind.Adapter ? 1 : layout.Parts) : 0, Gathered(),
            job.Offload?.Contains("optimizer", StringComparison.Ordinal) ?? false, OffloadsParameters, CheckpointsOffloaded(step), job.GradAccum > 1,
            evaluation, EvaluationLogits(evaluation), LogitsKept(evaluation), Cublas.Workspace(job), assumed.ToImmutable(), Warnings(step));
    }

    private string Optimizer => job.Method is "lomo" or "adalomo" ? job.Method : job.Optimizer ?? "adamw_torch";
}
