using System.Text;
using GpuWatch.Core.Units;
using GpuWatch.Sinks;
using Microsoft.AspNetCore.Http;

namespace GpuWatch.Show.Http;

/// <summary>What each path answers. All of it is read-only.</summary>
/// <param name="sinks">What became of the points of each.</param>
/// <param name="heartbeat">Longest time between two sweeps of a healthy agent.</param>
/// <param name="past">Series from before what memory holds, as of this time; null: nothing is stored. It blocks.</param>
internal sealed class Routes(LiveState live, Metrics metrics, IReadOnlyList<SinkCounters> sinks, EventFeed feed, TimeSpan heartbeat, TimeProvider time, Func<SeriesQuestion, double, PastSeries>? past)
{
    /// <summary>Without a sweep for this long the agent is not healthy.</summary>
    private double StaleAfterSeconds => Math.Max(10, 3 * heartbeat.TotalSeconds);

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
        return JsonAsync(context, ApiJson.Health(sweptAgo, StaleAfterSeconds, sinks));
    }

    private async Task SeriesAsync(HttpContext context)
    {
        try
        {
            var asked = SeriesQuestion.Of(context.Request.Query);
            var answer = live.Read(present => ApiJson.Recent(present, asked));
            if (answer is null && (asked.FromSeconds is not null || asked.Resolution is not null))
            {
                var now = live.Read(present => present.TimeSeconds);
                var found = await Task.Run(() => Past(asked, now), context.RequestAborted).ConfigureAwait(false);
                answer = live.Read(present => ApiJson.Past(present, asked, found));
            }
            await (answer is null ? Refuse(context, StatusCodes.Status404NotFound) : JsonAsync(context, answer)).ConfigureAwait(false);
        }
        catch (BadInputException bad)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await AnswerAsync(context, "text/plain; charset=utf-8", () => Encoding.UTF8.GetBytes(bad.Message + "\n")).ConfigureAwait(false);
        }
    }

    private PastSeries Past(SeriesQuestion asked, double nowSeconds) =>
        past is null
            ? throw new BadInputException("from", "this agent keeps no store (store.path is none)", "a range within the last ten minutes, and no resolution, is expected")
            : past(asked, nowSeconds);

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
