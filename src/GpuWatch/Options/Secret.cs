namespace GpuWatch.Options;

/// <summary>A token or password: it prints as stars, so that no log, record or configuration dump can show it.</summary>
internal sealed class Secret(string value)
{
    /// <summary>For the one place that sends it.</summary>
    public string Reveal() => value;

    public override string ToString() => "***";
}
