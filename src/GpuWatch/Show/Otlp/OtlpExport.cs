using GpuWatch.Sinks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace GpuWatch.Show.Otlp;

/// <summary>
/// Tells a collector the present every few seconds, on its own time. What it does not take is not sent again: the next export
/// tells the present anew. Nothing of OpenTelemetry is loaded into a program that does not make one of these.
/// </summary>
internal sealed class OtlpExport : IAsyncDisposable
{
    private readonly OtlpOptions options;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource closing = new();
    private readonly Task exporting;

    /// <param name="host">Name of this machine.</param>
    /// <param name="log">Takes sentences for people; never a secret.</param>
    public OtlpExport(OtlpOptions options, string host, LiveState live, int mostProcesses, SinkCounters counters, Action<string> log, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        exporting = Task.Run(() => ExportAsync(host, live, mostProcesses, counters, log));
    }

    /// <summary>Tells the present once more, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await exporting.ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task ExportAsync(string host, LiveState live, int mostProcesses, SinkCounters counters, Action<string> log)
    {
        using var instruments = new OtlpInstruments(live, mostProcesses);
        // Of gauges, "delta" exports those that were measured since the last time: a process that is gone is gone.
        using var reader = new BaseExportingMetricReader(new CountingExporter(Exporter, counters, log))
        {
            TemporalityPreference = MetricReaderTemporalityPreference.Delta,
        };
        // Disposed last of all: that collects and exports once more.
        using var provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(OtlpInstruments.MeterName)
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService("gpuwatch", serviceVersion: AgentVersion.Number, autoGenerateServiceInstanceId: false)
                .AddAttributes([new("host.name", host)])
                .AddEnvironmentVariableDetector())
            .AddReader(reader)
            .Build();
        while (!closing.IsCancellationRequested)
        {
            await Task.Delay(options.Period, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!closing.IsCancellationRequested)
            {
                reader.Collect((int)options.Timeout.TotalMilliseconds);
            }
        }
    }

    private OtlpExporterOptions Exporter => new()
    {
        Protocol = OtlpExportProtocol.HttpProtobuf,
        Endpoint = options.Metrics,
        Headers = options.Headers?.Reveal(),
        TimeoutMilliseconds = (int)options.Timeout.TotalMilliseconds,
    };
}
