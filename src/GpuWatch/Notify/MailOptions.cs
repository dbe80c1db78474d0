using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>Who is written to, and by which server.</summary>
/// <param name="Tls">How the talk with the server is kept private.</param>
/// <param name="User">Null: the server asks for no password.</param>
internal sealed record MailOptions(string Host, int Port, MailTls Tls, string From, IReadOnlyList<string> To, string? User, Secret? Password);

internal enum MailTls
{
    /// <summary>Everything in the clear: for a relay on this machine.</summary>
    None,
    /// <summary>TLS before anything else is said; a server that lacks it is refused.</summary>
    StartTls,
    /// <summary>TLS from the first byte, as on port 465.</summary>
    FromTheStart,
}
