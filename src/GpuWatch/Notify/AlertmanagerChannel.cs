using System.Globalization;
using System.Text.Json;
using GpuWatch.Core.Alert;
using GpuWatch.Options;

namespace GpuWatch.Notify;

/// <summary>
/// Posts to Alertmanager's API v2. An alert's labels are its identity there, and severity is one of them: when it rises, the
/// alert of the lower severity is ended in the same request. Alertmanager forgets an alert that is not told again, so
/// standing ones are repeated well before <see cref="Lasts"/>.
/// </summary>
internal sealed class AlertmanagerChannel(Uri server, Secret? token, NoticeText text, TimeProvider time) : INotifyChannel, IDisposable
{
    public static readonly TimeSpan RepeatEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(5);

    private readonly JsonPost post = new(new Uri(server.AbsoluteUri.TrimEnd('/') + "/api/v2/alerts"), "Alertmanager", token);

    public Task<Delivery> SendAsync(IReadOnlyList<Notice> notices, CancellationToken stop) =>
        post.SendAsync(JsonPost.Body(json =>
        {
            json.WriteStartArray();
            foreach (var notice in notices)
            {
                if (notice is { IsFiring: true, Was: { } lower } && lower != notice.Alert.Severity)
                {
                    Write(json, notice, lower, firing: false);
                }
                Write(json, notice, notice.Alert.Severity, notice.IsFiring);
            }
            json.WriteEndArray();
        }), [], stop);

    public void Dispose() => post.Dispose();

    private void Write(Utf8JsonWriter json, Notice notice, Severity severity, bool firing)
    {
        var now = time.GetUtcNow();
        json.WriteStartObject();
        json.WriteStartObject("labels");
        json.WriteString("alertname", "GpuWatch-" + notice.Alert.Kind.Name());
        json.WriteString("severity", severity.Name());
        json.WriteString("host", text.Host);
        json.WriteString("gpu", notice.Happened.Gpu.ToString(CultureInfo.InvariantCulture));
        if (notice.Happened.Pid is { } pid)
        {
            json.WriteString("pid", pid.ToString(CultureInfo.InvariantCulture));
        }
        json.WriteEndObject();
        Annotations(json, notice);
        json.WriteString("startsAt", Started(notice, now));
        json.WriteString("endsAt", firing ? now + Lasts : now);
        json.WriteEndObject();
    }

    private void Annotations(Utf8JsonWriter json, Notice notice)
    {
        json.WriteStartObject("annotations");
        json.WriteString("summary", NoticeText.Reason(notice));
        if (text.NameOf(notice.Happened.Pid) is { } name)
        {
            json.WriteString("process", name);
        }
        Number("probability", notice.Alert.Probability);
        Number("eta_s", notice.Alert.EtaSeconds);
        Number("predicted_peak_bytes", notice.Alert.PredictedPeak?.Count);
        Number("capacity_bytes", notice.Alert.Capacity?.Count);
        json.WriteEndObject();

        void Number(string key, double? value)
        {
            if (value is { } known)
            {
                json.WriteString(key, known.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>The event's own time, unless its clock is another one than ours (a recording played back).</summary>
    private static DateTimeOffset Started(Notice notice, DateTimeOffset now)
    {
        var seconds = notice.Happened.TimeSeconds - ((now - DateTimeOffset.UnixEpoch).TotalSeconds);
        return seconds is > -86400 and <= 0 ? now.AddSeconds(seconds) : now.AddSeconds(-1);
    }
}
