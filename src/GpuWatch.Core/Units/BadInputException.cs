namespace GpuWatch.Core.Units;

/// <summary>
/// Input a person gave cannot be used: where, what is wrong and what is expected, in one line.
/// The program prints it as it is and ends with exit code 2 (CONTRACTS 2).
/// </summary>
/// <param name="place">"FILE:LINE", a flag, or a key.</param>
public sealed class BadInputException(string place, string problem, string expectation)
    : Exception($"{place}: {problem.TrimEnd('.')}; {expectation}")
{
    public string Place { get; } = place;
    public string Problem { get; } = problem;
    public string Expectation { get; } = expectation;
}
