using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>Rows of one kind of recording. Two kinds exist: traces (GpuWatch's recordings are traces too) and nvidia-smi logs.</summary>
internal interface IRowReader
{
    /// <returns>False at the end.</returns>
    /// <exception cref="BadInputException">The next line cannot be used.</exception>
    bool TryRead(out Row row);

    /// <summary>What is wrong with the row last read.</summary>
    BadInputException Bad(string problem, string expectation);
}
