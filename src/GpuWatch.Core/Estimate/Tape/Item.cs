namespace GpuWatch.Core.Estimate.Tape;

/// <summary>Tensors of one kind and size.</summary>
/// <param name="Each">Bytes of one of them; 0 = they are of many sizes.</param>
internal readonly record struct Item(Part Part, Place Place, long Each);

/// <summary>Where in the model, or in the training of it, a tensor comes from.</summary>
internal enum Place : byte
{
    /// <summary>Token ids and labels.</summary>
    Inputs,
    Embedding,
    /// <summary>Rotary tables and the causal mask.</summary>
    Tables,
    /// <summary>The residual stream between the parts of a block; of a checkpointed block its input.</summary>
    Residual,
    Norm,
    Attention,
    Mlp,
    /// <summary>LoRA's two matrices beside a layer.</summary>
    Adapter,
    /// <summary>Head and loss.</summary>
    Head,
    /// <summary>Micro-batches that wait for their backward, and what selective checkpointing or generation keeps.</summary>
    Kept,
    /// <summary>What of the above lies in host memory: counted below 0.</summary>
    Offloaded,
    /// <summary>Autocast's 16-bit copies of weights.</summary>
    Cast,
    /// <summary>A quantised weight unpacked for its product.</summary>
    Unpacked,
    /// <summary>The base's weights that are not quantised.</summary>
    Plain,
    /// <summary>The base's weights that are.</summary>
    Packed,
    /// <summary>Adapters' own weights.</summary>
    Adapters,
    Masters,
    Gradient,
    Moments,
    /// <summary>What lives while the optimizer steps.</summary>
    Stepping,
    /// <summary>What cuBLAS multiplies with.</summary>
    Workspaces,
    /// <summary>DDP's buckets.</summary>
    Buckets,
    /// <summary>Embedding, head and norms, gathered from other GPUs.</summary>
    Root,
    /// <summary>Blocks gathered from other GPUs.</summary>
    Gathered,
    /// <summary>Whole gradients that wait to be reduced.</summary>
    Waiting,
}
