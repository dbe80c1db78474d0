using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Jobs;

/// <summary>Architectures known by name (architectures.csv, embedded): the published configurations, from which parameters are counted.</summary>
public static class Catalogue
{
    public static ImmutableArray<Architecture> All { get; } = [.. Load().Select(row => row.Shape)];

    private static readonly FrozenDictionary<string, Architecture> ByKey = Index();

    private static readonly Memo<Architecture?> Found = new(Look);

    /// <summary>
    /// Finds a model by its name or its id on Hugging Face. Spelling, organisation, chat or quantised variants and a count of layers
    /// do not matter: "TheBloke/Mistral-7B-v0.1-GPTQ" and "tinyllama-1.1b-6layers" are found; sizes must be right.
    /// </summary>
    public static Architecture? Find(string name) => Found.Of(name);

    private static Architecture? Look(string name)
    {
        var words = ModelName.Words(name);
        for (var count = words.Count; count > 0; count--)
        {
            if (ByKey.TryGetValue(ModelName.Key(words, count), out var shape))
            {
                return shape;
            }
            if (!ModelName.IsVariant(words[count - 1]))
            {
                return null;
            }
        }
        return null;
    }

    /// <summary>The nearest names, as "a, b or c".</summary>
    public static string Nearest(string name) =>
        Jobs.Nearest.Of(name[(name.LastIndexOf('/') + 1)..], All.Select(shape => shape.Name!));

    private static FrozenDictionary<string, Architecture> Index()
    {
        var index = new Dictionary<string, Architecture>();
        foreach (var (shape, ids) in Load())
        {
            foreach (var name in ids.Prepend(shape.Name!))
            {
                var words = ModelName.Words(name);
                index.TryAdd(ModelName.Key(words, words.Count), shape);
            }
        }
        return index.ToFrozenDictionary();
    }

    private static IEnumerable<(Architecture Shape, string[] Ids)> Load() =>
        Table.Read(typeof(Catalogue), "architectures.csv").Select(row => (Shape(row), row["ids"].Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    private static Architecture Shape(Table.Row row) => new(
        Name: row["name"],
        Block: row["block"],
        Hidden: row.Count("hidden"),
        Layers: row.Count("layers"),
        Heads: row.Count("heads"),
        KvHeads: row.Count("kv_heads"),
        Intermediate: row.Count("intermediate"),
        Vocab: row.Count("vocab"),
        TiedEmbeddings: row["tied"] == "yes",
        QkvBias: row["qkv_bias"] == "yes",
        HeadDim: row.Count("head_dim"),
        Positions: row.Count("positions"),
        Experts: row.Count("experts"),
        ExpertsPerToken: row.Count("experts_per_token"),
        ExpertIntermediate: row.Count("expert_intermediate"),
        SharedIntermediate: row.Count("shared_intermediate"),
        DenseLayers: row.Count("dense_layers"),
        Latent: Latent(row["latent"]),
        EmbeddingWidth: row.Count("embedding_width"));

    private static LatentAttention? Latent(string text) =>
        text.Length == 0 ? null
        : text.Split('-').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray() is var widths
            ? new(widths[0] == 0 ? null : widths[0], widths[1], widths[2], widths[3], widths[4])
            : null;
}
