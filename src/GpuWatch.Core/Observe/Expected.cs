using GpuWatch.Core.Units;

namespace GpuWatch.Core.Observe;

/// <summary>What a plan says of a process's first moments.</summary>
/// <param name="Load">Bytes the weights take.</param>
/// <param name="FirstRise">Live bytes that the first forward pass adds to them.</param>
public readonly record struct Expected(Bytes Load, Bytes FirstRise);
