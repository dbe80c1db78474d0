namespace GpuWatch.Tests.Support;

/// <summary>The test holds a formula against the worked figure of its source.</summary>
/// <param name="formula">As Class.Method.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ExampleAttribute(string formula) : Attribute
{
    public string Formula { get; } = formula;
}
