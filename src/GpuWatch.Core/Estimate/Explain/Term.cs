using GpuWatch.Core.Units;

namespace GpuWatch.Core.Estimate.Explain;

/// <summary>One term of the plan as a formula that can be checked by hand.</summary>
/// <param name="Component">The component of the plan it belongs to, as CONTRACTS 4 names it.</param>
/// <param name="Formula">In symbols: P parameters, n tokens, h hidden, f intermediate, L layers, a heads, k width of all key heads, s length, V vocabulary.</param>
/// <param name="Inputs">The symbols' values.</param>
public sealed record Term(string Component, string Formula, string Inputs, Bytes Value, string Source);
