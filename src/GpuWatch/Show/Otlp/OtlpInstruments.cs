using System.Diagnostics.Metrics;
using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;

namespace GpuWatch.Show.Otlp;

/// <summary>
/// What OpenTelemetry is told, read from the same state as the page and /metrics: GPUs under its own names for hardware
/// (hw.gpu.*, https://opentelemetry.io/docs/specs/semconv/hardware/gpu/), what it has no name for under gpuwatch.*.
/// </summary>
/// <remarks>
/// All are gauges, also those that the conventions call sums: its library repeats a sum for ever once it was told, and a GPU that
/// was lost or a process that is gone must have no value, not an old one.
/// </remarks>
internal sealed class OtlpInstruments : IDisposable
{
    public const string MeterName = "gpuwatch";

    private readonly Meter meter = new(MeterName, AgentVersion.Number);
    private readonly LiveState live;
    private readonly int mostProcesses;

    public OtlpInstruments(LiveState live, int mostProcesses)
    {
        (this.live, this.mostProcesses) = (live, mostProcesses);
        Gpus("hw.gpu.memory.limit", "By", "Memory of the GPU.", frame => frame.Total.Count);
        Gpus("hw.gpu.memory.usage", "By", "Memory in use by all tenants.", frame => frame.Used.Count);
        Gpus("hw.gpu.memory.utilization", "1", "Share of the memory that is in use.", frame => frame.Used.Count / (double)frame.Total.Count);
        Gpus("gpuwatch.gpu.memory.free", "By", "Memory that a new allocation can still take.", frame => frame.Available.Count);
        Gauge("hw.status", "1", "1 for the state the GPU is in.", Status);
        Processes("gpuwatch.process.gpu.memory.usage", "GPU memory the driver attributes to a process.", process => process.Reading.Used?.Count);
        Processes("gpuwatch.process.gpu.memory.peak", "Highest GPU memory of a process since it was first seen.", process => process.PeakBytes);
        Processes("gpuwatch.process.gpu.memory.predicted_peak", "Peak forecast for a process, likeliest value.", process => process.Forecast?.PredictedPeak.Likely.Count);
        Processes("gpuwatch.process.gpu.memory.predicted_peak.low", "Lower end of its 90 % interval.", process => process.Forecast?.PredictedPeak.Low.Count);
        Processes("gpuwatch.process.gpu.memory.predicted_peak.high", "Upper end of its 90 % interval.", process => process.Forecast?.PredictedPeak.High.Count);
        Gauge("gpuwatch.process.memory.estimated", "By", "What the job of a process was estimated to take at its peak, by component.", Estimated);
        Gauge("gpuwatch.process.memory.observed", "By", "What was seen of a process at its highest so far, by component.", Observed);
        Gauge("gpuwatch.oom.probability", "1", "Probability that a process runs out of GPU memory within the horizon.", Probability);
        Gauge("gpuwatch.oom.predicted", "s", "Seconds until memory is forecast to run out; absent while no such time can be told.", Predicted);
        Gauge("gpuwatch.alerts.firing", "{alert}", "Alerts that are firing now.", Firing);
    }

    public void Dispose() => meter.Dispose();

    private void Gauge(string name, string unit, string help, Action<Present, List<Measurement<double>>> read) => meter.CreateObservableGauge(
        name,
        () => live.Read(present =>
        {
            var measured = new List<Measurement<double>>();
            read(present, measured);
            return measured;
        }),
        unit, help);

    private void Gpus(string name, string unit, string help, Func<GpuFrame, double> value) => Gauge(name, unit, help, (present, measured) =>
    {
        foreach (var gpu in present.Gpus)
        {
            if (gpu.Frame is { } frame)
            {
                measured.Add(new(value(frame), Of(gpu.Info)));
            }
        }
    });

    private void Processes(string name, string help, Func<LiveProcess, long?> bytes) => Gauge(name, "By", help, (present, measured) =>
    {
        foreach (var (gpu, process) in present.Largest(mostProcesses))
        {
            if (bytes(process) is { } known)
            {
                measured.Add(new(known, Of(gpu, process)));
            }
        }
    });

    private static void Status(Present present, List<Measurement<double>> measured)
    {
        foreach (var gpu in present.Gpus)
        {
            if (gpu.Frame is not null || gpu.Fault is not null)
            {
                measured.Add(new(1, [.. Of(gpu.Info), new("hw.type", "gpu"), new("hw.state", gpu.Fault is null ? "ok" : "failed")]));
            }
        }
    }

    private void Estimated(Present present, List<Measurement<double>> measured)
    {
        foreach (var (gpu, process) in present.Largest(mostProcesses))
        {
            foreach (var (component, size) in process.Plan is { } plan ? plan.Components.Named() : [])
            {
                measured.Add(new(size.Count, [.. Of(gpu, process), new("gpuwatch.component", component)]));
            }
        }
    }

    private void Observed(Present present, List<Measurement<double>> measured)
    {
        foreach (var (gpu, process) in present.Largest(mostProcesses))
        {
            foreach (var (component, size) in process.ObservedParts)
            {
                measured.Add(new(size.Count, [.. Of(gpu, process), new("gpuwatch.component", component)]));
            }
        }
    }

    private void Probability(Present present, List<Measurement<double>> measured)
    {
        foreach (var (gpu, process) in present.Largest(mostProcesses))
        {
            if (process.Forecast is { } forecast)
            {
                measured.Add(new(forecast.OomWithin60s, [.. Of(gpu, process), new("gpuwatch.horizon", "60s")]));
                measured.Add(new(forecast.OomWithin600s, [.. Of(gpu, process), new("gpuwatch.horizon", "600s")]));
            }
        }
    }

    private static void Predicted(Present present, List<Measurement<double>> measured)
    {
        foreach (var raised in present.Alerts)
        {
            if (present.SecondsUntilOom(raised) is { } left)
            {
                measured.Add(new(left, new("gpuwatch.gpu", raised.Gpu), new("process.pid", raised.Pid ?? -1)));
            }
        }
    }

    private static void Firing(Present present, List<Measurement<double>> measured)
    {
        foreach (var group in present.Alerts.GroupBy(raised => (raised.Alert.Kind, raised.Alert.Severity)))
        {
            measured.Add(new(group.Count(), new("gpuwatch.alert.kind", group.Key.Kind.Name()), new("gpuwatch.alert.severity", group.Key.Severity.Name())));
        }
    }

    private static KeyValuePair<string, object?>[] Of(GpuInfo gpu) => Known(
        ("hw.id", gpu.Uuid ?? string.Create(CultureInfo.InvariantCulture, $"gpu-{gpu.Index}")),
        ("hw.name", string.Create(CultureInfo.InvariantCulture, $"GPU {gpu.Index}")),
        ("hw.model", gpu.Name), ("hw.vendor", "NVIDIA"), ("hw.driver_version", gpu.DriverVersion), ("hw.parent", gpu.ParentUuid), ("gpuwatch.gpu", gpu.Index));

    private static KeyValuePair<string, object?>[] Of(GpuInfo gpu, LiveProcess process) => Known(
        ("hw.id", gpu.Uuid), ("gpuwatch.gpu", gpu.Index), ("process.pid", process.Facts.Pid), ("process.executable.name", process.Facts.Name),
        ("gpuwatch.job", process.Facts.SlurmJob ?? process.Facts.Pod));

    /// <summary>An attribute that is unknown is left out.</summary>
    private static KeyValuePair<string, object?>[] Known(params ReadOnlySpan<(string Key, object? Value)> attributes)
    {
        var known = new List<KeyValuePair<string, object?>>(attributes.Length);
        foreach (var (key, value) in attributes)
        {
            if (value is not null)
            {
                known.Add(new(key, value));
            }
        }
        return [.. known];
    }
}
