using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GpuWatch.Tests.Support;

/// <summary>
/// A strict stand-in for InfluxDB 2.x and 3.x, which no package here serves: it takes only the documented request, down to the
/// parameters and headers, reads each line, and answers as the test says.
/// </summary>
internal sealed class InfluxStub : IAsyncDisposable
{
    private readonly WebApplication server;

    /// <param name="pathAndQuery">The only request it knows.</param>
    /// <param name="authorization">The only header it accepts; null: none may be sent.</param>
    public InfluxStub(string pathAndQuery, string? authorization)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(context => AnswerAsync(context, pathAndQuery, authorization));
    }

    public Uri Url => new(server.Urls.Single());

    /// <summary>Answers for the next requests (status, body, Retry-After); then 204 again.</summary>
    public ConcurrentQueue<(int Status, string Body, string? RetryAfter)> Script { get; } = new();

    /// <summary>While set, every request is answered with it.</summary>
    public int? Down { get; set; }

    /// <summary>Every line stored, in the order of arrival.</summary>
    public ConcurrentQueue<LineReader> Lines { get; } = new();

    /// <summary>Points of each request, stored or not.</summary>
    public ConcurrentQueue<int> Requests { get; } = new();

    /// <summary>What was wrong with requests; must stay empty.</summary>
    public ConcurrentQueue<string> Mistakes { get; } = new();

    public Func<int, Task> OnRequest { get; set; } = _ => Task.CompletedTask;

    public static async Task<InfluxStub> StartAsync(string pathAndQuery, string? authorization)
    {
        var stub = new InfluxStub(pathAndQuery, authorization);
        await stub.server.StartAsync();
        return stub;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, string pathAndQuery, string? authorization)
    {
        var request = context.Request;
        Expect("POST", request.Method);
        Expect(pathAndQuery, request.Path + request.QueryString.ToString());
        Expect(authorization ?? "", request.Headers.Authorization.ToString());
        Expect("text/plain; charset=utf-8", request.ContentType);
        Expect("gzip", request.Headers.ContentEncoding.ToString());
        using var gzip = new GZipStream(request.Body, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var text = await reader.ReadToEndAsync();
        if (!text.EndsWith('\n') || text.Contains('\r'))
        {
            Mistakes.Enqueue("lines end in a line feed alone");
        }
        var lines = text.TrimEnd('\n').Split('\n').Select(LineReader.Read).ToList();
        Requests.Enqueue(lines.Count);
        await OnRequest(lines.Count);
        await AnswerAsync(context.Response, lines);
    }

    private async Task AnswerAsync(HttpResponse response, List<LineReader> lines)
    {
        if (Down is { } down)
        {
            response.StatusCode = down;
            return;
        }
        if (Script.TryDequeue(out var answer))
        {
            response.StatusCode = answer.Status;
            if (answer.RetryAfter is { } after)
            {
                response.Headers.RetryAfter = after;
            }
            await response.WriteAsync(answer.Body);
            return;
        }
        foreach (var line in lines)
        {
            Lines.Enqueue(line);
        }
        response.StatusCode = StatusCodes.Status204NoContent;
    }

    private void Expect(string expected, string? actual)
    {
        if (expected != actual)
        {
            Mistakes.Enqueue($"'{expected}' expected, '{actual}' sent");
        }
    }
}
