using GpuWatch.Core.Estimate.Tape;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate;

/// <summary>From what was played to what each meter shows: the profile's knobs, the allocator's cache, the context.</summary>
internal static class Overheads
{
    /// <summary>Fragments that no release gives back.</summary>
    private const double LeastCache = 1.02;

    /// <summary>The three peaks in bytes, before their intervals.</summary>
    /// <param name="Parts">What the allocated peak is made of.</param>
    /// <param name="Paged">Of the device's: states in managed memory, for which there is room.</param>
    internal readonly record struct Peaks(Phase Phase, Ledger Parts, double Allocated, double Reserved, double Device, double Paged)
    {
        public double Of(Quantity quantity) => quantity switch
        {
            Quantity.Allocated => Allocated,
            Quantity.Reserved => Reserved,
            _ => Device,
        };
    }

    public static Peaks Of(in Features features, Profile profile)
    {
        var (phase, parts) = Highest(features, profile);
        var allocated = (double)parts.Total;
        var reserved = features.ToldWhole
            ? allocated + features.Cached
            : WithLate(features, profile) + profile[Knob.Caches] * profile[features.LengthsVary ? Knob.CacheVarying : Knob.Cache] * features.Cached;
        var context = profile[Knob.Context] * features.UsualContext + (features.Several ? profile[Knob.Collectives] : 0);
        if (features.Card is { } card)
        {
            // Before it fails, the allocator gives back every block it only caches (c10 CUDACachingAllocator, release_cached_blocks),
            // so a cache ends where the card does.
            reserved = Math.Min(reserved, Math.Max(allocated * LeastCache, card - context * Bytes.GiBCount));
        }
        // What is paged counts fully until the card is full, and then gives way (bitsandbytes, docs of its paged optimizers).
        var device = reserved + context * Bytes.GiBCount;
        var paged = features.Card is { } end ? Math.Clamp(end - device, 0, features.Paged) : features.Paged;
        return new(phase, parts, allocated, reserved, device + paged, paged);
    }

    /// <summary>The most that is live or freed late, on another stream, as a sharded job does: its phase need not be that of the allocated peak.</summary>
    internal static double WithLate(in Features features, Profile profile)
    {
        var most = 0.0;
        for (var phase = Phase.Load; phase <= features.Last; phase++)
        {
            var parts = Adjusted(features, features.Played[phase], profile);
            most = Math.Max(most, parts.Total + Late(features, parts, profile));
        }
        return most;
    }

    private static double Late(in Features features, in Ledger parts, Profile profile) => features.Sharded
        ? profile[Knob.Caches] * profile[Knob.CacheSharded] * (parts[Part.Gradients] + parts[Part.Temporaries] + parts[Part.Communication])
        : 0;

    public static Ledger Adjusted(in Features features, in Ledger played, Profile profile)
    {
        var parts = played;
        Turn(ref parts, Part.Logits, (features.LossUnsaid ? profile[Knob.Logits] : 1) * profile[Knob.Activations]);
        if (features.Widened)
        {
            // Where no activations live their inputs do not either.
            parts.Count(Part.Activations, Place.Residual, Math.Min((long)(profile[Knob.KbitWidening] * features.KbitInputs), parts[Part.Activations]));
        }
        Turn(ref parts, Part.Activations, profile[Knob.Activations]);
        Turn(ref parts, Part.Temporaries, profile[Knob.Activations]);
        Turn(ref parts, Part.Communication, features.Sharded ? profile[Knob.Gathered] : 1);
        return parts;
    }

    private static void Turn(ref Ledger parts, Part part, double factor)
    {
        if (factor != 1)
        {
            parts.Scale(part, factor);
        }
    }

    private static (Phase Phase, Ledger Parts) Highest(in Features features, Profile profile)
    {
        var played = features.Played;
        (Phase Phase, Ledger Parts) highest = (Phase.Load, Adjusted(features, played.Load, profile));
        for (var phase = Phase.FirstForward; phase <= features.Last; phase++)
        {
            var parts = Adjusted(features, played[phase], profile);
            if (parts.Total > highest.Parts.Total)
            {
                highest = (phase, parts);
            }
        }
        return highest;
    }
}
