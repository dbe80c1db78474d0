using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Formulas;

/// <summary>What is kept for backward beside what the blocks that are played keep, in bytes.</summary>
internal static class Beside
{
    /// <summary>Selective checkpointing keeps the outputs of matrix products and of attention.</summary>
    /// <param name="tokens">Of the micro-batch on this GPU.</param>
    [Formula("torchtitan's published runs of Llama-2-7B: selective less full checkpointing is 12.5 h bytes a token and layer")]
    public static long Selective(long hidden, long tokens, int layers) => (long)(12.5 * hidden * tokens * layers);

    /// <summary>Inputs of checkpointed blocks below those that are trained: a frozen embedding's output asks for a gradient all the same.</summary>
    /// <param name="width">Bytes of a number of the compute dtype.</param>
    [Formula("PEFT and LLaMA-Factory, enable_input_require_grads: checkpointing keeps each block's input, trained or not")]
    public static long BelowTrained(long hidden, long tokens, int layers, int trained, int width) => Math.Max(0, layers - trained) * width * hidden * tokens;

    /// <summary>What blocks whose turn it is keep more than frozen ones: 4 h + f numbers a token, the inputs of their norms and linears.</summary>
    /// <param name="passed">Width of the MLPs a token passes through.</param>
    [Formula("saved-tensor hooks: a trained llama block in bf16 keeps 20 h + 8 f bytes a token, a frozen one 12 h + 6 f (facts/autograd)")]
    public static long InTurn(long hidden, long passed, long tokens, int blocks, int width) => blocks * width * (4 * hidden + passed) * tokens;

    /// <summary>Inputs of checkpointed blocks that wait in host memory; those of two blocks are in flight.</summary>
    [Formula("torch.autograd.graph.save_on_cpu: one block runs, the next one's input is on its way")]
    public static long Offloaded(long hidden, long tokens, int layers, int inFlight, int width) => Math.Max(0, layers - 2L) * tokens * hidden * width * inFlight;

    /// <summary>Bytes of what goes into one block's 4-bit linears, as they keep it for backward.</summary>
    /// <param name="width">Numbers a token has in all of these inputs; those of one norm are one.</param>
    [Formula("bitsandbytes, MatMul4Bit.forward, before it kept (None, B): ctx.tensors = (A, B), though B is frozen; A in the compute dtype, fp32 where nobody says")]
    public static long KbitInputs(long tokens, long width) => 4 * tokens * width;

    /// <summary>Logits of an evaluation that wait to be gathered, of all batches but the one that is being made.</summary>
    /// <param name="each">Bytes of one batch's.</param>
    [Formula("transformers.Trainer, evaluation_loop: results stay on the GPU until eval_accumulation_steps")]
    public static long EvaluationLogits(long each, int batches) => Math.Max(0, batches - 1L) * each;
}
