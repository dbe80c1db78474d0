using GpuWatch.Core.Estimate.Explain;
using GpuWatch.Core.Jobs;

namespace GpuWatch.Commands;

/// <summary>`--explain`: every component of the plan with the closed forms behind it and their inputs.</summary>
internal static class EstimateExplain
{
    public static void Write(Estimated it, TextWriter output)
    {
        var terms = Explanation.Of(it.Job).ToLookup(term => term.Component);
        output.WriteLine();
        output.WriteLine("Each component at the peak, and the formulas of what it can be at most:");
        foreach (var (name, size) in EstimateParts.Of(it.Plan.Components))
        {
            output.WriteLine($"{name}: {size}");
            foreach (var term in terms[name])
            {
                output.WriteLine($"    {term.Formula}{(term.Value.Count > 0 ? $" = {term.Value}" : "")}");
                output.WriteLine($"        inputs: {term.Inputs}");
                output.WriteLine($"        source: {term.Source}");
            }
        }
        if (ModelShape.Complete(it.Job).Job?.Architecture is { } shape)
        {
            output.WriteLine($"shape: {Told(shape)}");
        }
    }

    private static string Told(Architecture shape) =>
        $"{shape.Block ?? "llama"}, hidden {shape.Hidden}, layers {shape.Layers}, heads {shape.Heads}, kv_heads {shape.KvHeads ?? shape.Heads}, intermediate {shape.Intermediate}, "
        + $"vocab {shape.Vocab}, tied_embeddings {(shape.TiedEmbeddings == true ? "yes" : "no")}, parameters {ParameterCount.Of(shape)?.Total}";
}
