using System.Runtime.CompilerServices;
using GpuWatch.Core.Jobs;
using GpuWatch.Notify;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Show.Otlp;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Store.Sqlite;

namespace GpuWatch;

/// <summary>Opens the sinks that the configuration asks for; one that is not asked for costs nothing.</summary>
/// <param name="jobOf">The job that a process (GPU, pid) was declared to be; asked on the sampling thread.</param>
internal sealed class Outlets(
    AgentOptions options, GpuSession session, SelfMetrics self, LiveState live, ProcessDirectory directory, Func<int, int?, Job?> jobOf, Action<string> say, TimeProvider time)
{
    public void AddTo(SinkSet sinks)
    {
        if (options.Store.Path is not null)
        {
            sinks.Add(new SqliteSink(options.Store, EventJson.Line, jobOf, directory.Of, gpu => live.InfoOf(gpu)?.DriverVersion, Counters("sqlite"), say, time));
        }
        if (options.Influx is { } influx)
        {
            sinks.Add(new InfluxSink(influx, new PointNames(options.Host, live.InfoOf, directory.Of, live.PlanOf), Counters("influxdb"), say, time));
        }
        if (options.Otlp is { } otlp)
        {
            AddOtlp(sinks, otlp);
        }
        AddChannels(sinks);
    }

    /// <summary>Apart, so that nothing of OpenTelemetry is loaded, nor looked for, where no collector is configured.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddOtlp(SinkSet sinks, OtlpOptions otlp) =>
        sinks.Add(new OtlpExport(otlp, options.Host, live, options.Http.MostProcesses, Counters("otlp"), say, time));

    private void AddChannels(SinkSet sinks)
    {
        var channels = options.Channels;
        var text = new NoticeText(options.Host, live.NameOf);
        if (channels.Log)
        {
            Add("log", new LogChannel(text, say));
        }
        if (channels.Alertmanager is { } alertmanager)
        {
            Add("alertmanager", new AlertmanagerChannel(alertmanager, channels.AlertmanagerToken, text, time), AlertmanagerChannel.RepeatEvery);
        }
        if (channels.Webhook is { } webhook)
        {
            Add("webhook", new WebhookChannel(webhook, channels.WebhookSecret, text.Host, EventJson.Write, time));
        }
        if (channels.Slack is { } slack)
        {
            Add("slack", new SlackChannel(slack, text));
        }
        if (channels.Mail is { } mail)
        {
            Add("mail", new MailChannel(mail, text, time));
        }
        if (channels.Command is { } command)
        {
            Add("command", new CommandChannel(command, EventJson.Write));
        }
        // The pids of the node that stands in where no driver is are not this machine's: whoever has them here must not be signalled.
        if (channels.Signal is { } signal && !session.IsFallback)
        {
            Add("signal", sinks.Add(new SignalChannel(signal)));
        }

        void Add(string name, INotifyChannel channel, TimeSpan? repeatEvery = null) =>
            sinks.Add(new Notifier(channel, channels.Notify with { RepeatEvery = repeatEvery }, Counters(name), say, time));
    }

    private SinkCounters Counters(string name)
    {
        var counters = new SinkCounters(name);
        self.Sinks.Add(counters);
        return counters;
    }
}
