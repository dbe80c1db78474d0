using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>Posts JSON to one address and judges the answer.</summary>
/// <param name="name">Whom messages speak of: the address itself may be the secret, so it is never part of one.</param>
/// <param name="token">Presented as a bearer token; null: the user and password that the address names, if any.</param>
internal sealed class JsonPost(Uri address, string name, Secret? token = null) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 64 << 10,
    };

    private readonly AuthenticationHeaderValue? authorization =
        token is not null ? new("Bearer", token.Reveal())
        : address.UserInfo.Length > 0 ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo))))
        : null;

    public static byte[] Body(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <param name="headers">Added to the request.</param>
    public async Task<Delivery> SendAsync(byte[] body, IEnumerable<(string Name, string Value)> headers, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json") { CharSet = "utf-8" };
        request.Headers.Authorization = authorization;
        request.Headers.UserAgent.Add(new("gpuwatch", AgentVersion.Number));
        foreach (var (header, value) in headers)
        {
            request.Headers.Add(header, value);
        }
        using var answer = await http.SendAsync(request, stop).ConfigureAwait(false);
        var status = (int)answer.StatusCode;
        return status switch
        {
            >= 200 and < 300 => Delivery.Done,
            408 or 429 or >= 500 or 401 or 403 or 404 => Delivery.TryAgain($"{name} answers HTTP {status}"),
            _ => Delivery.GiveUp($"{name} refuses: HTTP {status}"),
        };
    }

    public void Dispose() => http.Dispose();
}
