using GpuWatch.Sinks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace GpuWatch.Show.Otlp;

/// <summary>The exporter of OpenTelemetry, whose failures would else be silent.</summary>
internal sealed class CountingExporter : OtlpMetricExporter
{
    private readonly SinkCounters counters;
    private readonly Action<string> log;
    private readonly AnswerWatch watch;

    public CountingExporter(OtlpExporterOptions options, SinkCounters counters, Action<string> log)
        : this(options, new AnswerWatch(), counters, log)
    {
    }

    private CountingExporter(OtlpExporterOptions options, AnswerWatch watch, SinkCounters counters, Action<string> log)
        : base(Watched(options, watch)) =>
        (this.watch, this.counters, this.log) = (watch, counters, log);

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var points = Points(batch);
        var result = base.Export(batch);
        if (result == ExportResult.Success)
        {
            counters.CountWritten(points);
        }
        else
        {
            counters.CountDropped(points);
        }
        counters.Report(result == ExportResult.Success ? null : watch.Problem ?? "the collector did not take the metrics", log);
        return result;
    }

    private static OtlpExporterOptions Watched(OtlpExporterOptions options, AnswerWatch watch)
    {
        options.HttpClientFactory = () => new HttpClient(watch) { Timeout = TimeSpan.FromMilliseconds(options.TimeoutMilliseconds) };
        return options;
    }

    private static long Points(in Batch<Metric> batch)
    {
        var points = 0;
        foreach (var metric in batch)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                points++;
            }
        }
        return points;
    }

    /// <summary>Remembers why the last request was not answered well.</summary>
    private sealed class AnswerWatch() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        public string? Problem { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return Judged(base.Send(request, cancellationToken));
            }
            catch (HttpRequestException failed)
            {
                Problem = failed.InnerException?.Message ?? failed.Message;
                throw;
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return Judged(await base.SendAsync(request, cancellationToken).ConfigureAwait(false));
            }
            catch (HttpRequestException failed)
            {
                Problem = failed.InnerException?.Message ?? failed.Message;
                throw;
            }
        }

        private HttpResponseMessage Judged(HttpResponseMessage answer)
        {
            Problem = answer.IsSuccessStatusCode ? null : $"HTTP {(int)answer.StatusCode}";
            return answer;
        }
    }
}
