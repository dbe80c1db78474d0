using System.Collections.Immutable;

namespace GpuWatch.Core.Estimate;

/// <summary>What was measured: one of CONTRACTS 3's metrics, unknown ones counted as what they are nearest to.</summary>
public enum Quantity { Allocated, Reserved, Device }

/// <summary>A fitted coefficient with its 90 % interval.</summary>
/// <param name="Rows">Rows it was fitted on that it has a say in.</param>
public sealed record Coefficient(Knob Knob, double Value, double Low, double High, int Rows);

/// <summary>The middle 90 % of truth ÷ estimate on rows of sources the profile was not fitted to.</summary>
public readonly record struct ErrorBand(double Low, double High, int Rows);

/// <summary>Coefficients of the estimate and how far it may be off, fitted on measured runs.</summary>
/// <param name="Bands">By <see cref="Quantity"/>, for jobs on one GPU and for jobs on several: index 2·quantity + (several ? 1 : 0).</param>
/// <param name="Scope">Kinds of jobs it holds for, and what holds for others; null = it holds for all.</param>
public sealed record Profile(
    ImmutableArray<Coefficient> Coefficients,
    ImmutableArray<ErrorBand> Bands,
    int Rows,
    ImmutableArray<string> Sources,
    ImmutableArray<string> Gpus,
    string? Driver = null,
    string? Framework = null,
    ProfileScope? Scope = null)
{
    private static readonly Lazy<Profile> Embedded = new(ProfileJson.ReadEmbedded);

    /// <summary>The shipped profile, fitted on published measurements by `calibrate`.</summary>
    public static Profile Default => Embedded.Value;

    /// <summary>Before any data.</summary>
    public static Profile Prior { get; } = new(
        [.. Knobs.All.Select(range => new Coefficient(range.Knob, range.Prior, range.Least, range.Most, 0))],
        [.. Enumerable.Repeat(new ErrorBand(0.8, 1.3, 0), 6)], 0, [], []);

    /// <summary>The profile that holds for jobs of this kind.</summary>
    public Profile For(JobKind kind) => Scope is { } scope && !scope.Kinds.Contains(kind) ? scope.Elsewhere : this;

    public double this[Knob knob] => Coefficients[(int)knob].Value;

    public ErrorBand Band(Quantity quantity, bool several) => Bands[2 * (int)quantity + (several ? 1 : 0)];

    public Profile With(Knob knob, double value) =>
        this with { Coefficients = Coefficients.SetItem((int)knob, Coefficients[(int)knob] with { Value = value }) };

    public Profile With(ReadOnlySpan<double> values)
    {
        var coefficients = Coefficients.ToBuilder();
        for (var i = 0; i < values.Length; i++)
        {
            coefficients[i] = coefficients[i] with { Value = values[i] };
        }
        return this with { Coefficients = coefficients.MoveToImmutable() };
    }
}
