using GpuWatch.Core.Jobs;

namespace GpuWatch.Core.Estimate.Presets;

/// <summary>How much of a model is trained, as the rules tell methods apart.</summary>
public enum MethodClass { Full, Freeze, Lora, Qlora, Inference }

/// <summary>What the rules ask of a job. Where the job is silent the rules' own habits hold: 16-bit weights, Adam, no checkpointing.</summary>
/// <param name="Parameters">As the job says it, or counted from its architecture.</param>
/// <param name="BytesPerParameter">Of the weights' precision: 4 or 2.</param>
/// <param name="Tokens">micro_batch · seq_len; null when either is unknown.</param>
public sealed record PresetInput(
    double Parameters,
    double LargestBlock,
    MethodClass Method,
    int BytesPerParameter,
    int? QuantBits,
    bool Amp,
    int LoraRank,
    double? Tokens,
    int? SeqLen,
    int? Hidden,
    int? Layers,
    int? Heads,
    bool IsMixture,
    string Checkpointing,
    bool LongAttention,
    int Gpus,
    bool OffloadsOptimizer,
    bool OffloadsParameters)
{
    /// <summary>batch · sequence · hidden · layers; null when one is unknown.</summary>
    public double? TokenWidths => Tokens * Hidden * Layers;

    /// <returns>The input, or null with the reason when the number of parameters cannot be known.</returns>
    public static (PresetInput? Input, string? Error) Of(Job job)
    {
        var (complete, _, error) = ModelShape.Complete(job);
        if (complete is null)
        {
            return (null, error);
        }
        var shape = complete.Architecture;
        var count = ParameterCount.Of(shape);
        return (shape.ParametersBillion * 1e9 ?? count?.Total) is { } parameters
            ? (Of(job, shape, parameters, count), null)
            : (null, "the number of parameters is unknown; give params_b, or heads, intermediate and vocab");
    }

    private static PresetInput Of(Job job, Architecture shape, double parameters, ParameterCount? count) => new(
        parameters,
        count?.LargestBlock ?? parameters / Math.Max(1, shape.Layers ?? 1),
        ClassOf(job.Method),
        job.WeightDtype == "fp32" ? 4 : 2,
        job.QuantBits ?? (job.Method == "qlora" ? 4 : null),
        job.Amp ?? false,
        job.LoraRank ?? 8,
        (double?)job.MicroBatch * job.SeqLen,
        job.SeqLen,
        shape.Hidden,
        shape.Layers,
        shape.Heads,
        shape.Experts is not null,
        job.Checkpointing,
        job.Attention is null or "eager",
        job.NumGpus ?? 1,
        job.Offload?.Contains("optimizer", StringComparison.Ordinal) ?? false,
        job.Offload?.Contains("params", StringComparison.Ordinal) ?? false);

    private static MethodClass ClassOf(string? method) => method switch
    {
        null or "full" or "pretrain" => MethodClass.Full,
        "inference" or "load" => MethodClass.Inference,
        "freeze" => MethodClass.Freeze,
        "qlora" or "qdora" or "qoft" => MethodClass.Qlora,
        _ => MethodClass.Lora,
    };
}
