using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Store.LineProtocol;

namespace GpuWatch.Store.Influx;

/// <summary>
/// Sweeps and events as points. Bytes are integers, everything else floats, and a field's type never changes, for the
/// server fixes it by the first write. Tags in ascending order; times in milliseconds.
/// </summary>
internal sealed class InfluxPoints(LineWriter line, PointNames names)
{
    public void Append(object item)
    {
        switch (item)
        {
            case Sweep sweep: Append(sweep); break;
            case ForecastMade forecast: Append(forecast); break;
            case AlertRaised raised: Append(raised, raised.Alert, firing: true); break;
            case AlertResolved resolved: Append(resolved, resolved.Alert, firing: false); break;
            case PhaseChanged change: Start("phase", change).Field("phase", change.Phase.Name()).End(Time(change)); break;
            case Reconciled reconciled: Append(reconciled); break;
        }
    }

    private void Append(Sweep sweep)
    {
        var time = Time(sweep.TimeSeconds);
        foreach (var gpu in sweep.Gpus)
        {
            if (gpu.Frame is { } frame)
            {
                Append(frame, time);
            }
            else if (gpu.Fault is { } fault)
            {
                line.Point("gpu_fault").Tag("gpu", gpu.Gpu).Tag("host", names.Host)
                    .Field("reason", fault.Reason).End(time);
            }
        }
    }

    private void Append(GpuFrame frame, long time)
    {
        var info = names.Gpu(frame.Gpu);
        line.Point("gpu").Tag("gpu", frame.Gpu).Tag("host", names.Host).Tag("model", info?.Name).Tag("uuid", info?.Uuid)
            .Field("mem_free", frame.Available.Count).Field("mem_limit", frame.Total.Count);
        Field("mem_reserved", frame.Reserved?.Count);
        line.Field("mem_used", frame.Used.Count).End(time);
        foreach (var process in frame.Processes)
        {
            if (process.Pid is not null)
            {
                Append(frame.Gpu, process, time);
            }
        }
    }

    private void Append(int gpu, ProcessReading process, long time)
    {
        names.Meet(process);
        Start("gpu_process", gpu, process.Pid);
        Field("mem_used", process.Used?.Count);
        Field("torch_allocated", process.TorchAllocated?.Count);
        Field("torch_reserved", process.TorchReserved?.Count);
        line.End(time);
    }

    /// <summary>With each forecast goes what the job was estimated to take and what was seen of it, so that all can be drawn together.</summary>
    private void Append(ForecastMade forecast)
    {
        Start("oom", forecast)
            .Field("p_60s", forecast.OomWithin60s).Field("p_600s", forecast.OomWithin600s)
            .Field("peak", forecast.PredictedPeak.Likely.Count)
            .Field("peak_high", forecast.PredictedPeak.High.Count)
            .Field("peak_low", forecast.PredictedPeak.Low.Count)
            .End(Time(forecast));
        if (forecast.Pid is { } pid)
        {
            Append(forecast, "estimated", names.Plan(forecast.Gpu, pid)?.Components);
            Append(forecast, "observed", forecast.Observed);
            if (forecast.Unexplained is { } unexplained)
            {
                Append(forecast, "observed", "unexplained", unexplained.Count);
            }
        }
    }

    private void Append(WatchEvent happened, Alert alert, bool firing)
    {
        Start("alert", happened.Gpu, happened.Pid, alert.Kind.Name());
        Field("capacity", alert.Capacity?.Count);
        Field("eta", alert.EtaSeconds);
        Field("eta_high", alert.EtaHighSeconds);
        Field("eta_low", alert.EtaLowSeconds);
        line.Field("firing", firing);
        Field("peak", alert.PredictedPeak?.Count);
        Field("probability", alert.Probability);
        line.Field("reason", alert.Reason);
        // In milliseconds since 1970, as a dashboard tells "in five minutes" from.
        Field("runs_out_at", firing && alert.EtaSeconds is { } eta ? Time(happened.TimeSeconds + eta) : (long?)null);
        // As a number, for there is no sum over booleans.
        line.Field("severity", alert.Severity.Name()).Field("standing", firing ? 1L : 0L).End(Time(happened));
    }

    private void Append(Reconciled reconciled)
    {
        if (reconciled.ObservedPeak is not { } observed)
        {
            return;
        }
        Start("reconciliation", reconciled).Field("observed_peak", observed.Count);
        Field("estimated_peak", reconciled.EstimatedPeak?.Count);
        line.End(Time(reconciled));
        Append(reconciled, "final_observed", reconciled.Observed);
        Append(reconciled, "final_estimated", reconciled.Estimated);
    }

    private void Append(WatchEvent happened, string field, ByComponent<ByteRange?>? components)
    {
        if (components is not { } known)
        {
            return;
        }
        foreach (var (name, size) in known.Named())
        {
            if (size is { } range)
            {
                Append(happened, field, name, range.Likely.Count);
            }
        }
    }

    private void Append(WatchEvent happened, string field, ByComponent<Bytes>? components)
    {
        if (components is not { } known)
        {
            return;
        }
        foreach (var (name, size) in known.Named())
        {
            Append(happened, field, name, size.Count);
        }
    }

    private void Append(WatchEvent happened, string field, string component, long bytes)
    {
        line.Point("component").Tag("component", component).Tag("gpu", happened.Gpu).Tag("host", names.Host);
        Who(happened.Pid, kind: null).Field(field, bytes).End(Time(happened));
    }

    private LineWriter Start(string measurement, WatchEvent happened) => Start(measurement, happened.Gpu, happened.Pid);

    /// <summary>Measurement and tags: where, and who, as far as that is known.</summary>
    private LineWriter Start(string measurement, int gpu, int? pid, string? kind = null)
    {
        line.Point(measurement).Tag("gpu", gpu).Tag("host", names.Host);
        return Who(pid, kind);
    }

    private LineWriter Who(int? pid, string? kind)
    {
        var facts = pid is { } number ? names.Known(number) : null;
        line.Tag("job", facts?.SlurmJob ?? facts?.Pod).Tag("kind", kind).Tag("name", facts?.Name);
        return pid is { } known ? line.Tag("pid", known) : line;
    }

    private void Field(string key, long? value)
    {
        if (value is { } known)
        {
            line.Field(key, known);
        }
    }

    private void Field(string key, double? value)
    {
        if (value is { } known)
        {
            line.Field(key, known);
        }
    }

    private static long Time(WatchEvent happened) => Time(happened.TimeSeconds);

    private static long Time(double seconds) => (long)Math.Round(seconds * 1000);
}
