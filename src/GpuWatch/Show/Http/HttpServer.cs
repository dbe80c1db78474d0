using GpuWatch.Options;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Wrapped = Microsoft.Extensions.Options.Options;

namespace GpuWatch.Show.Http;

/// <summary>
/// Kestrel without the hosting around it: no configuration, no logging, no dependency injection, which would take another
/// 10 MB and 70 ms at the start for nothing that this program needs.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private const int MostConnections = 64;

    private readonly KestrelServer kestrel;

    private HttpServer(KestrelServer kestrel) => this.kestrel = kestrel;

    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<HttpServer> StartAsync(HttpOptions options, Routes routes, CancellationToken cancel)
    {
        var limits = new KestrelServerOptions { AddServerHeader = false };
        limits.Limits.MaxConcurrentConnections = MostConnections;
        limits.Limits.MaxRequestBodySize = 0;
        limits.Listen(options.Listen ?? throw new ArgumentException("No address to listen on.", nameof(options)));
        var transport = new SocketTransportFactory(Wrapped.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var kestrel = new KestrelServer(Wrapped.Create(limits), transport, NullLoggerFactory.Instance);
        await kestrel.StartAsync(new Application(new HttpGate(options), routes), cancel).ConfigureAwait(false);
        return new HttpServer(kestrel);
    }

    /// <summary>Where it listens, which tells the port when the operating system chose it.</summary>
    public string Address => kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Open streams are cut off: they would never end by themselves.</summary>
    public async ValueTask DisposeAsync()
    {
        await kestrel.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        kestrel.Dispose();
    }

    private sealed class Application(HttpGate gate, Routes routes) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection features) => new DefaultHttpContext(features);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        public async Task ProcessRequestAsync(HttpContext context)
        {
            var response = context.Response;
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers.CacheControl = "no-store";
            if (gate.Refusal(context.Request) is not { } status)
            {
                await routes.AnswerAsync(context).ConfigureAwait(false);
                return;
            }
            response.StatusCode = status;
            if (status == StatusCodes.Status401Unauthorized)
            {
                response.Headers.WWWAuthenticate = "Basic realm=\"gpuwatch\", charset=\"UTF-8\"";
            }
        }
    }
}
