using System.Collections.Immutable;
using GpuWatch.Core.Estimate;

namespace GpuWatch.Commands;

/// <summary>`--explain`: every component of the plan with the terms that sum to it, their formulas and inputs.</summary>
internal static class EstimateExplain
{
    public static void Write(Estimated it, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"What lives at the peak, in {EstimateTable.PhaseText(it.Plan.PeakPhase)}; the terms of a component sum to it:");
        var inputs = new List<string>();
        foreach (var component in Components.All)
        {
            var terms = it.Terms.Where(term => term.Component == component).ToImmutableArray();
            if (terms.IsEmpty)
            {
                continue;
            }
            output.WriteLine($"{component.Name()}: {it.Plan.Components[component]}");
            foreach (var term in terms)
            {
                output.WriteLine($"{term.Value,14}  {term.What}: {term.Formula}");
            }
            foreach (var source in terms.Select(term => term.Source).Distinct())
            {
                output.WriteLine($"{"",16}{source}");
            }
            inputs.AddRange(terms.SelectMany(term => term.Inputs));
        }
        EstimateTable.Wrapped(output, "inputs", [.. inputs.Distinct()]);
    }
}
