namespace GpuWatch.Core.Jobs;

/// <summary>Finds the shape of a job's model: what the job says itself, and the catalogue for the rest.</summary>
public static class ModelShape
{
    private const double Tolerance = 0.1;

    /// <summary>
    /// The job with its architecture filled in from the catalogue, and with the format its weights are stored in. What the job says wins; where it says another width or another number
    /// of heads than the catalogue, it is another model, of which only family and vocabulary are taken over.
    /// </summary>
    /// <returns>The job, and the catalogue's model that it was filled in from; or null with the reason when the model is unknown and not described.</returns>
    public static (Job? Job, Architecture? From, string? Error) Complete(Job given)
    {
        var job = StoredFormat.Loaded(given);
        var known = (job.HfId is { } id ? Catalogue.Find(id) : null) ?? (job.ModelName is { } name ? Catalogue.Find(name) : null);
        if (known is not null)
        {
            return (job with { Architecture = Over(job.Architecture, known) }, known, null);
        }
        var shape = job.Architecture;
        if ((shape.Hidden is not null && shape.Layers is not null) || shape.ParametersBillion is not null)
        {
            return (shape.Block is null ? job with { Architecture = shape with { Block = LikelyBlock(shape) } } : job, null, null);
        }
        return (null, null, (job.HfId ?? job.ModelName) is { } unknown
            ? $"the model '{Units.Plain.Text(unknown)}' is not in the catalogue; did you mean {Catalogue.Nearest(unknown)}? or give hidden, layers, heads, intermediate and vocab"
            : "no model is named; give model_name or hf_id, or hidden, layers, heads, intermediate and vocab");
    }

    /// <summary>
    /// The family whose count of parameters comes nearest to what the job says of it, of those that are told apart by it: a gated MLP has three
    /// matrices, others two. Null when no count comes within 10 %, or nothing can be counted.
    /// </summary>
    private static string? LikelyBlock(Architecture shape)
    {
        if (shape.ParametersBillion is not { } billion)
        {
            return null;
        }
        var best = (Block: (string?)null, Error: Tolerance);
        foreach (var block in (ReadOnlySpan<string>)["llama", "gpt2", "gpt_neox", "mpt"])
        {
            var error = ParameterCount.Of(shape with { Block = block }) is { } count ? Math.Abs(count.Total / (billion * 1e9) - 1) : Tolerance;
            best = error < best.Error ? (block, error) : best;
        }
        return best.Block;
    }

    /// <summary>What is said, and what is known where nothing is said.</summary>
    public static Architecture Over(Architecture said, Architecture known)
    {
        var same = (said.Hidden ?? known.Hidden) == known.Hidden && (said.Heads ?? known.Heads) == known.Heads;
        var proportions = same ? known : said;
        return said with
        {
            Name = said.Name ?? known.Name,
            Block = said.Block ?? known.Block,
            Vocab = said.Vocab ?? known.Vocab,
            TiedEmbeddings = said.TiedEmbeddings ?? known.TiedEmbeddings,
            QkvBias = said.QkvBias ?? known.QkvBias,
            Positions = said.Positions ?? known.Positions,
            Layers = said.Layers ?? known.Layers,
            Hidden = said.Hidden ?? known.Hidden,
            EmbeddingWidth = said.EmbeddingWidth ?? proportions.EmbeddingWidth,
            Heads = said.Heads ?? proportions.Heads,
            KvHeads = said.KvHeads ?? proportions.KvHeads,
            HeadDim = said.HeadDim ?? proportions.HeadDim,
            Intermediate = said.Intermediate ?? proportions.Intermediate,
            Experts = said.Experts ?? proportions.Experts,
            ExpertsPerToken = said.ExpertsPerToken ?? proportions.ExpertsPerToken,
            ExpertIntermediate = said.ExpertIntermediate ?? proportions.ExpertIntermediate,
            SharedIntermediate = said.SharedIntermediate ?? proportions.SharedIntermediate,
            DenseLayers = said.DenseLayers ?? proportions.DenseLayers,
            Latent = said.Latent ?? proportions.Latent,
        };
    }
}
