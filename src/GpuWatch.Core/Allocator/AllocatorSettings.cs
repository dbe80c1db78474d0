namespace GpuWatch.Core.Allocator;

/// <summary>What PYTORCH_CUDA_ALLOC_CONF and the card decide for the caching allocator.</summary>
/// <param name="Capacity">Bytes CUDA has for it; null = no end.</param>
/// <param name="MaxSplitSize">Blocks of this many bytes and more are not cut (max_split_size_mb); null = all are.</param>
/// <param name="ExpandableSegments">One growing segment a pool instead of one for each request (expandable_segments).</param>
/// <param name="RoundupDivisions">Requests are rounded up to so many steps between powers of two (roundup_power2_divisions), a power of two;
/// null = to 512 bytes.</param>
public readonly record struct AllocatorSettings(
    long? Capacity = null, long? MaxSplitSize = null, bool ExpandableSegments = false, int? RoundupDivisions = null);
