using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GpuWatch.Tests.Support;

/// <summary>Keeps what is posted to it.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication server;

    private Receiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Posts.Enqueue(new(context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()), body.ToArray(), DateTimeOffset.UtcNow));
            context.Response.StatusCode = Status;
        });
    }

    public Uri Url => new(server.Urls.Single());
    public ConcurrentQueue<Post> Posts { get; } = new();
    public int Status { get; set; } = StatusCodes.Status200OK;

    public static async Task<Receiver> StartAsync()
    {
        var receiver = new Receiver();
        await receiver.server.StartAsync();
        // Its own first request takes long: that is not to be counted among what is timed.
        using var http = new HttpClient();
        (await http.PostAsync(receiver.Url, new StringContent("{}"))).Dispose();
        receiver.Posts.Clear();
        return receiver;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    internal sealed record Post(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body, DateTimeOffset At)
    {
        public string Text => System.Text.Encoding.UTF8.GetString(Body);
    }
}
