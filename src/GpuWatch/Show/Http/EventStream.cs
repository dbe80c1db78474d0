using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace GpuWatch.Show.Http;

/// <summary>
/// Server-sent events to one listener: the events of the pipeline with their number as id, a comment every 15 s, and with
/// <c>?samples=1</c> the present as an event "sample", at most twice a second.
/// </summary>
internal sealed class EventStream(EventFeed feed, LiveState live, TimeProvider time)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenSamples = TimeSpan.FromSeconds(0.5);

    private long sampledAt;

    public async Task AnswerAsync(HttpContext context)
    {
        if (feed.Listen(After(context.Request.Headers["Last-Event-ID"].ToString())) is not { } listener)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        context.Response.ContentType = "text/event-stream";
        await using var heartbeat = time.CreateTimer(_ => listener.Writer.TryWrite(default), null, Heartbeat, Heartbeat).ConfigureAwait(false);
        try
        {
            await SendAsync(listener.Reader, context.Request.Query["samples"] == "1", context).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The listener left or the server stops: that is how each stream ends.
        }
        finally
        {
            feed.Leave(listener);
        }
    }

    private async Task SendAsync(ChannelReader<FeedItem> items, bool withSamples, HttpContext context)
    {
        var body = context.Response.Body;
        await body.WriteAsync("retry: 2000\n\n"u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
        if (withSamples)
        {
            await body.WriteAsync(Sample(), context.RequestAborted).ConfigureAwait(false);
        }
        do
        {
            while (items.TryRead(out var item))
            {
                if (Message(item, withSamples) is { } message)
                {
                    await body.WriteAsync(message, context.RequestAborted).ConfigureAwait(false);
                }
            }
            await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
        while (await items.WaitToReadAsync(context.RequestAborted).ConfigureAwait(false));
    }

    private byte[]? Message(FeedItem item, bool withSamples)
    {
        if (item.Event is { } happened)
        {
            return Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"id: {feed.Run}-{item.Number}\nevent: {EventJson.Name(happened)}\ndata: {EventJson.Line(happened)}\n\n"));
        }
        if (!item.IsSample)
        {
            return ":\n\n"u8.ToArray();
        }
        return withSamples && time.GetElapsedTime(sampledAt) >= BetweenSamples ? Sample() : null;
    }

    private byte[] Sample()
    {
        sampledAt = time.GetTimestamp();
        return [.. "event: sample\ndata: "u8, .. live.Read(ApiJson.Everything), .. "\n\n"u8];
    }

    /// <summary>The number of the last event a returning listener got; 0 when it was another run's or none.</summary>
    private long After(string lastEventId) =>
        lastEventId.Split('-') is [var run, var number]
        && run == feed.Run.ToString(CultureInfo.InvariantCulture)
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var after)
            ? after
            : 0;
}
