using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace GpuWatch.Show.Http;

/// <summary>What each path answers. All of it is read-only.</summary>
internal sealed class Routes(LiveState live, Metrics metrics, EventFeed feed, TimeProvider time)
{
    /// <summary>Without a sweep for this long the agent is not healthy.</summary>
    private const double StaleAfterSeconds = 10;

    private readonly Page page = new();

    public Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/" or "/index.html" => page.AnswerAsync(context.Response),
        "/metrics" => AnswerAsync(context, MetricText.ContentType, MetricsText),
        "/healthz" => HealthAsync(context),
        "/api/v1/gpus" => JsonAsync(context, live.Read(ApiJson.Gpus)),
        "/api/v1/processes" => JsonAsync(context, live.Read(ApiJson.Processes)),
        "/api/v1/alerts" => JsonAsync(context, live.Read(ApiJson.Alerts)),
        "/api/v1/series" => SeriesAsync(context),
        "/api/v1/events" => new EventStream(feed, live, time).AnswerAsync(context),
        _ => Refuse(context, StatusCodes.Status404NotFound),
    };

    private byte[] MetricsText()
    {
        using var text = new MemoryStream(16 * 1024);
        metrics.WriteTo(text);
        return text.ToArray();
    }

    private Task HealthAsync(HttpContext context)
    {
        var sweptAgo = live.SweptAgoSeconds;
        context.Response.StatusCode = sweptAgo <= StaleAfterSeconds ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return JsonAsync(context, ApiJson.Health(sweptAgo, StaleAfterSeconds));
    }

    private Task SeriesAsync(HttpContext context)
    {
        var query = context.Request.Query;
        int? pid = null;
        if (!int.TryParse(query["gpu"], NumberStyles.None, CultureInfo.InvariantCulture, out var gpu)
            || (query.ContainsKey("pid") && (pid = Number(query["pid"])) is null))
        {
            return Refuse(context, StatusCodes.Status400BadRequest);
        }
        return live.Read(present => ApiJson.Series(present, gpu, pid)) is { } json
            ? JsonAsync(context, json)
            : Refuse(context, StatusCodes.Status404NotFound);

        static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static Task JsonAsync(HttpContext context, byte[] json) => AnswerAsync(context, "application/json", () => json);

    private static async Task AnswerAsync(HttpContext context, string type, Func<byte[]> body)
    {
        var bytes = body();
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static Task Refuse(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
