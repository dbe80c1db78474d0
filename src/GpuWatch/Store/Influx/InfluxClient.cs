using System.Net.Http.Headers;
using System.Text;
using GpuWatch.Store.Spool;

namespace GpuWatch.Store.Influx;

/// <summary>Sends one batch over one connection and judges the answer. Every failure is a <see cref="Answer"/>.</summary>
internal sealed class InfluxClient : IDisposable
{
    private const int LongestAnswer = 64 << 10;
    private readonly HttpClient http;
    private readonly InfluxOptions options;
    private readonly TimeProvider time;
    private readonly Uri write;
    private readonly AuthenticationHeaderValue? authorization;

    public InfluxClient(InfluxOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        write = InfluxAddress.Write(options);
        authorization = InfluxAddress.Authorization(options);
        http = new(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = 1,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LongestAnswer,
        };
    }

    public Task<Answer> SendAsync(Batch batch, CancellationToken stop) => AskAsync(
        () => Request(batch),
        async (answer, cancel) =>
        {
            var body = answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
            return Answer.Of((int)answer.StatusCode, body, batch.Points, RetryAfter(answer));
        },
        reason => new(Outcome.Later, Reason: reason),
        stop);

    /// <summary>Whether anybody is there, and of which version.</summary>
    public Task<InfluxPing> PingAsync(CancellationToken stop) => AskAsync(
        () => new(HttpMethod.Get, InfluxAddress.Ping(options)) { Headers = { Authorization = authorization } },
        async (answer, cancel) => InfluxPing.Of(
            answer.Headers.TryGetValues("X-Influxdb-Version", out var versions) ? versions.First() : null,
            await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)),
        reason => new(Version: null, Problem: reason),
        stop);

    public void Dispose() => http.Dispose();

    private async Task<T> AskAsync<T>(
        Func<HttpRequestMessage> ask, Func<HttpResponseMessage, CancellationToken, Task<T>> judge, Func<string, T> unreachable, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using var request = ask();
            using var answer = await http.SendAsync(request, either.Token).ConfigureAwait(false);
            return await judge(answer, either.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException failed)
        {
            return unreachable(failed.InnerException?.Message ?? failed.Message);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return unreachable($"no answer within {options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception odd) when (odd is InvalidOperationException or IOException)
        {
            // A proxy's error page that names a character set that there is not, or ends in its midst.
            return unreachable($"an answer that cannot be read: {odd.Message}");
        }
    }

    private HttpRequestMessage Request(Batch batch)
    {
        var content = new ByteArrayContent(batch.Content);
        content.Headers.ContentType = new("text/plain") { CharSet = Encoding.UTF8.WebName };
        content.Headers.ContentEncoding.Add("gzip");
        var request = new HttpRequestMessage(HttpMethod.Post, write) { Content = content };
        request.Headers.Authorization = authorization;
        return request;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow(),
        _ => null,
    };
}
