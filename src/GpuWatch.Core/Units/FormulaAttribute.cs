namespace GpuWatch.Core.Units;

/// <summary>A small function that says how many bytes (numbers, operations) something takes, and who says so; its test is the source's worked example.</summary>
/// <param name="source">Paper and section, source file, or measurement that it stands on.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FormulaAttribute(string source) : Attribute
{
    public string Source { get; } = source;
}
