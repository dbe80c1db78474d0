namespace GpuWatch.Options;

/// <summary>A token or password: it prints as stars, so that no log, record or configuration dump can show it.</summary>
internal sealed class Secret(string value)
{
    /// <summary>For the one place that sends it.</summary>
    public string Reveal() => value;

    public override string ToString() => "***";

    /// <summary>An address may carry a user and password too; anything else is as it was.</summary>
    public static string Masked(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.UserInfo.Length > 0 ? text.Replace(address.UserInfo, "***", StringComparison.Ordinal) : text;
}
