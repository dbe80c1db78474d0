namespace GpuWatch.Core.Allocator;

/// <summary>Where storages are put: the model of PyTorch's allocator, or somebody who writes down what is asked of it.</summary>
internal interface IAllocator
{
    /// <param name="request">At least one byte.</param>
    /// <param name="block">What <see cref="Free"/> takes; undefined after a failure.</param>
    /// <returns>False = out of memory.</returns>
    bool TryAllocate(long request, out int block);

    void Free(int block);
}
