using System.Collections.Immutable;
using System.Globalization;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Explain;

/// <summary>One term of a plan: bytes of one component, as a product that can be checked by hand.</summary>
/// <param name="What">What the bytes are.</param>
/// <param name="Factors">Their product is <paramref name="Value"/>, but for rounding to whole bytes.</param>
/// <param name="Value">Bytes; the terms of a component sum to what the plan says of it. Below 0 where a profile makes less of it.</param>
/// <param name="Source">Where the formula is from.</param>
public sealed record Term(Component Component, string What, ImmutableArray<Factor> Factors, Bytes Value, string Source)
{
    /// <summary>"L · 4 · n·h · 2 B ÷ 8 GPUs".</summary>
    public string Formula => string.Concat(Factors.Select((factor, i) => i == 0 ? factor.Text : factor.Text.StartsWith('÷') ? " " + factor.Text : " · " + factor.Text));

    /// <summary>Each symbol's value: "n = 8,192".</summary>
    public IEnumerable<string> Inputs => Factors.SelectMany(factor => factor.Symbols).Distinct()
        .Select(symbol => string.Create(CultureInfo.InvariantCulture, $"{symbol.Name} = {symbol.Value:#,0.###}"));
}

/// <summary>A factor of a term: a number, or a product of symbols.</summary>
/// <param name="Text">As it is written: "n·h", "2 B", "÷ 8 GPUs".</param>
/// <param name="Value">What to multiply with.</param>
/// <param name="Symbols">The symbols in it and what they stand for; none in a number.</param>
public readonly record struct Factor(string Text, double Value, ImmutableArray<Symbol> Symbols)
{
    internal static Factor Number(string text, double value) => new(text, value, []);

    internal static Factor Of(string name, double value) => new(name, value, [new(name, value)]);
}

/// <summary>A letter of a formula.</summary>
public readonly record struct Symbol(string Name, double Value);
