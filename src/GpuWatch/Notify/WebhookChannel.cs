using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Sample;
using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>
/// Posts <c>{"version": 1, "host": …, "events": […]}</c>, each event an object of CONTRACTS 5. With a secret, the header
/// X-GpuWatch-Signature is "sha256=" + hex of HMAC-SHA256(secret, X-GpuWatch-Timestamp + "." + body); a receiver that checks
/// both cannot be fooled by a stranger nor by an old message.
/// </summary>
/// <param name="write">Writes one event.</param>
internal sealed class WebhookChannel(
    Secret address, Secret? secret, string host, Action<Utf8JsonWriter, WatchEvent> write, TimeProvider time) : INotifyChannel, IDisposable
{
    private readonly JsonPost post = new(new Uri(address.Reveal()), "the webhook");

    public Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop)
    {
        var body = JsonPost.Body(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteString("host", host);
            json.WriteStartArray("events");
            foreach (var notice in notices)
            {
                write(json, notice.Happened);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return post.SendAsync(body, Signature(body), stop);
    }

    public void Dispose() => post.Dispose();

    private IEnumerable<(string, string)> Signature(byte[] body)
    {
        if (secret is null)
        {
            yield break;
        }
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(timestamp + "."), .. body];
        yield return ("X-GpuWatch-Timestamp", timestamp);
        yield return ("X-GpuWatch-Signature", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal()), signed)));
    }
}
