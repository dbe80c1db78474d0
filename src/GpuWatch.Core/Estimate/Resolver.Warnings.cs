using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>What the job says and the plan does not follow: nothing that is said has no effect without a word.</summary>
internal readonly ref partial struct Resolver
{
    /// <summary>What the job says and this plan does not follow.</summary>
    private ImmutableArray<string> Warnings(Step step)
    {
        if (!job.ModelRemarks.IsDefaultOrEmpty)
        {
            warnings.AddRange(job.ModelRemarks);
        }
        if (!Quantised && Contradiction.TrainsBase(job.Method) && StoredFormat.Of(job) is { } stored)
        {
            warnings.Add($"the model's files are quantised ({stored}), which method {job.Method ?? "full"} cannot train: counted in {job.WeightDtype ?? "bf16"}");
        }
        if (traits.Positions > 0 && positions > Offset && job.SeqLen > positions - Offset)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"seq_len {job.SeqLen} is beyond the {positions - Offset} learned positions of the model"));
        }
        if (shape.ParametersBillion is { } billions && parameters.Total / (billions * 1e9) is < 1 - ShapeGuess.Tolerance or > 1 + ShapeGuess.Tolerance)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"params_b says {billions:0.###}, but the architecture has {parameters.Total / 1e9:0.###}"));
        }
        if (traits.EncoderDecoder && method is not MethodKind.Load)
        {
            warnings.Add("seq_len is taken for the tokens of the encoder and for those of the decoder");
        }
        WarnOfModel();
        WarnOfMethod(step);
        WarnOfCard();
        return warnings.ToImmutable();
    }

    /// <summary>What is said of the model and does not count.</summary>
    private void WarnOfModel()
    {
        if (job is { HfId: { } id, ModelName: { } name } && isFromCatalogue && job.ModelRemarks.IsDefault && Catalogue.Find(id) is null)
        {
            warnings.Add($"hf_id '{Plain.Text(id)}' is not in the catalogue: the shape is that of model_name {Plain.Text(name)}");
        }
        if (shape.Experts is null && (shape.ExpertsPerToken ?? shape.ExpertIntermediate) is not null)
        {
            warnings.Add($"{(shape.ExpertsPerToken is null ? "expert_intermediate" : "experts_per_token")} is passed over: the model has no experts");
        }
    }

    /// <summary>What is said of the training and does not count.</summary>
    private void WarnOfMethod(Step step)
    {
        if (method is MethodKind.Adapter && !Methods.TrainsFewNumbers(job.Method) && job.LoraTargets is { } targets && LoraTargets.NotPlayed(targets).ToArray() is { Length: > 0 } others)
        {
            var instead = LoraTargets.Parse(targets) is Targets.None ? "; as nothing else is named, those of q,v are counted" : "";
            warnings.Add($"lora_targets: adapters on {Plain.Text(string.Join(", ", others))} are not counted{instead}");
        }
        if (job.VirtualTokens is not null && !Methods.Prompts(job.Method))
        {
            warnings.Add($"virtual_tokens is passed over: method {job.Method ?? "full"} puts no tokens before a sequence");
        }
        if (step.Backward && !step.Block.Checkpointed && job.Offload?.Contains("activations", StringComparison.Ordinal) is true)
        {
            warnings.Add("offload activations is passed over: only what checkpoints keep is moved, and grad_checkpointing is none");
        }
    }

    private void WarnOfCard()
    {
        if (job.GpuName is not { } name)
        {
            return;
        }
        if (Gpu.Find(name, job.GpuMemGb) is not { } gpu)
        {
            warnings.Add($"gpu_name '{Plain.Text(name)}' is not known: {(job.GpuMemGb is null ? "no card's size is taken" : "only gpu_mem_gb is taken")}; did you mean {Gpu.Nearest(name)}?");
        }
        else if (job.GpuMemGb is { } said && said != gpu.MemoryGb)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{gpu.Name} has {gpu.MemoryGb:0.##} GB, but gpu_mem_gb is {said:0.##}: a card of {said:0.##} GB is counted with"));
        }
    }
}
