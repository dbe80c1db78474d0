using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>Who is written to, and by which server.</summary>
/// <param name="Tls">STARTTLS before anything else is said; without it a server that lacks TLS is refused. Default yes.</param>
/// <param name="User">Null: the server asks for no password.</param>
internal sealed record MailOptions(string Host, int Port, bool Tls, string From, IReadOnlyList<string> To, string? User, Secret? Password);
