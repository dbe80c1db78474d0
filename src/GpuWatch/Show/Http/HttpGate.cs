using System.Net;
using System.Security.Cryptography;
using System.Text;
using GpuWatch.Options;
using Microsoft.AspNetCore.Http;

namespace GpuWatch.Show.Http;

/// <summary>Who may ask. Everything is read-only, so the question is only who may read.</summary>
internal sealed class HttpGate(HttpOptions options)
{
    private readonly byte[]? tokenHash = options.Token is { } token ? Hash(token.Reveal()) : null;
    private readonly bool isLoopback = options.Listen is { } endpoint && IPAddress.IsLoopback(endpoint.Address);

    /// <summary>Null when the request may pass; else the status to answer.</summary>
    public int? Refusal(HttpRequest request)
    {
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            return StatusCodes.Status405MethodNotAllowed;
        }
        // A page elsewhere can make a browser resolve its own name to 127.0.0.1 and then read the answer as its own (DNS
        // rebinding); the name it asked for gives it away.
        if (isLoopback && !IsLocalName(request.Host.Host))
        {
            return StatusCodes.Status403Forbidden;
        }
        return tokenHash is null || HasToken(request.Headers.Authorization.ToString()) ? null : StatusCodes.Status401Unauthorized;
    }

    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private bool HasToken(string authorization)
    {
        var presented = authorization switch
        {
            _ when authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) => authorization["Bearer ".Length..].Trim(),
            _ when authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) => Password(authorization["Basic ".Length..].Trim()),
            _ => "",
        };
        return CryptographicOperations.FixedTimeEquals(Hash(presented), tokenHash);
    }

    /// <summary>The password of basic authentication, whatever the user: browsers can send nothing else by themselves.</summary>
    private static string Password(string base64)
    {
        var decoded = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, decoded, out var length))
        {
            return "";
        }
        var pair = Encoding.UTF8.GetString(decoded, 0, length);
        return pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? pair[(colon + 1)..] : "";
    }

    /// <summary>Of one length whatever the token's, so that comparing takes one time whatever was presented.</summary>
    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
