using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Explain;

/// <summary>
/// A plan's components as terms. The step that made the plan is played once more on a tape that tells items, so the terms are what lives at the
/// plan's peak, no second estimate, and sum to its components.
/// </summary>
internal static class Explanation
{
    /// <summary>Fewer bytes are what rounding each term to whole ones leaves.</summary>
    private const long Rounding = 4;

    private const string Played = "played as PyTorch's autograd allocates and saves it (derivatives.yaml)";

    /// <param name="played">As played on a tape that tells items.</param>
    public static ImmutableArray<Term> Of(Plan plan, in Features played, Workload work, Profile profile)
    {
        var terms = new List<Term>();
        var ledger = played.Played[plan.PeakPhase];
        var step = plan.PeakPhase is Phase.Evaluation ? work.Evaluation : work.Step;
        var (shapes, held) = (new Shapes(step), new HeldTerms(work, step));
        foreach (var (item, bytes) in ledger.Items!)
        {
            terms.Add(held.Of(item, bytes) ?? Activation(item, bytes, shapes, step.Layers));
        }
        var calibrated = Overheads.Adjusted(played, ledger, profile);
        for (var part = Part.Weights; part <= Part.Communication; part++)
        {
            AddCalibrated(terms, (Component)part, ledger[part], calibrated[part]);
        }
        AddContext(terms, plan.Components.Context, played, profile);
        AddPaged(terms, plan.Components.OptimizerStates.Count - calibrated[Part.OptimizerStates], played, work);
        AddCache(terms, plan.Components.Allocator.Count, calibrated.Total, played, profile);
        return [.. terms.OrderBy(term => term.Component).ThenByDescending(term => term.Value).ThenBy(term => term.What, StringComparer.Ordinal).ThenBy(term => term.Formula, StringComparer.Ordinal)];
    }

    private static Term Activation(Item item, long bytes, Shapes shapes, int layers)
    {
        var count = bytes / item.Each;
        ImmutableArray<Factor> times = count == 1 ? []
            : layers > 1 && count % layers == 0 ? [Factor.Of("L", layers), .. Times(count / layers)]
            : Times(count);
        return new((Component)item.Part, What(item), [.. times, .. shapes.Of(item.Place, item.Each)], new(bytes), Played);
    }

    private static ImmutableArray<Factor> Times(long count) =>
        count == 1 ? [] : [Factor.Number(FormattableString.Invariant($"{count:#,0}"), count)];

    private static string What(Item item)
    {
        var place = item.Place switch
        {
            Place.Inputs => "token ids and labels",
            Place.Embedding => "embedding",
            Place.Tables => "rotary tables, masks",
            Place.Residual => "residual stream",
            Place.Norm => "norms",
            Place.Attention => "attention",
            Place.Mlp => "MLP",
            Place.Adapter => "adapters",
            Place.Head => "head and loss",
            Place.Kept when item.Part is Part.Logits => "logits of earlier batches of the evaluation",
            Place.Kept => "keys and values of all tokens",
            Place.Cast => "autocast's 16-bit copies of weights",
            Place.Unpacked => "a weight unpacked for its product",
            _ => "more",
        };
        return item is { Part: Part.Temporaries, Place: not (Place.Cast or Place.Unpacked) } ? $"flowing back through {place}" : place;
    }

    /// <summary>What a profile's knobs make of a part.</summary>
    private static void AddCalibrated(List<Term> terms, Component component, long played, long calibrated)
    {
        if (calibrated != played)
        {
            var factor = (double)calibrated / played - 1;
            terms.Add(new(component, "calibrated on measured runs",
                [Factor.Number(FormattableString.Invariant($"({1 + factor:0.###} − 1)"), factor), Factor.Of("played", played)], new(calibrated - played), "the profile"));
        }
    }

    private static void AddContext(List<Term> terms, Bytes context, in Features played, Profile profile)
    {
        var (factor, usual) = (profile[Knob.Context], played.UsualContext);
        var own = new Bytes((long)(factor * usual * Bytes.GiBCount));
        var others = played.Several ? context - own : Bytes.Zero;
        terms.Add(new(Component.Context, "CUDA context and libraries",
            [Factor.Number(FormattableString.Invariant($"{factor:0.###}"), factor), Factor.Number(FormattableString.Invariant($"{usual} GiB"), usual * Bytes.GiBCount)],
            context - others, "usual of this generation of GPUs; the factor is the profile's"));
        if (others > Bytes.Zero)
        {
            terms.Add(new(Component.Context, "collectives (NCCL)", [Factor.Number(FormattableString.Invariant($"{others.GiB:0.###} GiB"), others.Count)], others, "the profile"));
        }
    }

    private static void AddPaged(List<Term> terms, long resident, in Features played, Workload work)
    {
        if (resident != 0)
        {
            terms.Add(new(Component.OptimizerStates, $"states of {work.Optimizer} in managed memory, as far as there is room",
                [Factor.Of("bytes", resident)], new(resident), "bitsandbytes, get_state_buffer: cudaMallocManaged"));
        }
    }

    private static void AddCache(List<Term> terms, long cache, long allocated, in Features played, Profile profile)
    {
        terms.Add(new(Component.Allocator, "reserved beyond what is live, with the first steps played into a model of PyTorch's allocator",
            [Factor.Of("replayed", played.Cached)], new(played.Cached), "PyTorch, CUDACachingAllocator; docs/decisions/0012"));
        var (factor, late) = played.ToldWhole
            ? (0.0, 0L)
            : (profile[Knob.Caches] * profile[played.LengthsVary ? Knob.CacheVarying : Knob.Cache] - 1, (long)(Overheads.WithLate(played, profile) - allocated));
        var calibrated = (long)(factor * played.Cached);
        var rest = cache - played.Cached - calibrated - late;
        if (Math.Abs(rest) < Rounding)
        {
            (calibrated, rest) = (calibrated + rest, 0);
        }
        Add("calibrated on measured runs", calibrated, [Factor.Number(FormattableString.Invariant($"({1 + factor:0.###} − 1)"), factor), Factor.Of("replayed", played.Cached)]);
        Add(FormattableString.Invariant($"freed late, on another stream: {profile[Knob.Caches] * profile[Knob.CacheSharded]:0.###} of gradients, temporaries and gathered units at their most"), late, [Factor.Of("bytes", late)]);
        Add("cut where the card ends", rest, [Factor.Of("bytes", rest)]);

        void Add(string what, long bytes, ImmutableArray<Factor> factors)
        {
            if (bytes != 0)
            {
                terms.Add(new(Component.Allocator, what, factors, new(bytes), "the profile"));
            }
        }
    }
}
