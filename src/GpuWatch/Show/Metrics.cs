using System.Globalization;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Sampling;

namespace GpuWatch.Show;

/// <summary>Everything on /metrics. What is unknown has no sample; a process that is gone has none from the next sweep on.</summary>
internal sealed class Metrics(LiveState live, SelfMetrics self, string version, string commit, int mostProcesses)
{
    public void WriteTo(Stream output)
    {
        var text = new MetricText(output);
        text.Family("gpuwatch_build_info", "gauge", "Version of the running agent; always 1.");
        text.Sample(1, ("version", version), ("commit", commit));
        live.Read(present =>
        {
            Gpus(text, present);
            Processes(text, present);
            Alerts(text, present);
            LastSweep(text, present);
            return 0;
        });
        Self(text);
    }

    private static void Gpus(MetricText text, Present present)
    {
        text.Family("gpuwatch_gpu_info", "gauge", "Static facts of a GPU; always 1.");
        foreach (var gpu in present.Gpus)
        {
            text.Sample(1, ("gpu", Number(gpu.Info.Index)), ("uuid", gpu.Info.Uuid), ("model", gpu.Info.Name),
                ("driver_version", gpu.Info.DriverVersion), ("pci_bus_id", gpu.Info.PciBusId));
        }
        text.Family("gpuwatch_gpu_up", "gauge", "1 if the last reading of the GPU gave data, 0 if it failed.");
        foreach (var gpu in present.Gpus)
        {
            text.Sample(gpu.Frame is null ? 0 : 1, ("gpu", Number(gpu.Info.Index)), ("uuid", gpu.Info.Uuid));
        }
        Memory("limit", "Memory of the GPU.", frame => frame.Total.Count);
        Memory("used", "Memory in use by all tenants, without the driver's reserve where that is known apart.", frame => frame.Used.Count);
        Memory("free", "Memory that a new allocation can still take.", frame => frame.Available.Count);
        Memory("reserved", "Memory that driver and firmware keep for themselves.", frame => frame.Reserved?.Count);
        Memory("unattributed", "Memory in use that no listed process owns.", frame => frame.Unattributed?.Count);

        void Memory(string which, string help, Func<GpuFrame, long?> bytes)
        {
            text.Family($"gpuwatch_gpu_memory_{which}_bytes", "gauge", help);
            foreach (var gpu in present.Gpus)
            {
                if (gpu.Frame is { } frame && bytes(frame) is { } known)
                {
                    text.Sample(known, ("gpu", Number(gpu.Info.Index)), ("uuid", gpu.Info.Uuid));
                }
            }
        }
    }

    private void Processes(MetricText text, Present present)
    {
        var shown = present.Largest(mostProcesses);
        Each("gpuwatch_process_gpu_memory_used_bytes", "GPU memory the driver attributes to a process.", process => process.Reading.Used?.Count);
        Each("gpuwatch_process_gpu_memory_peak_bytes", "Highest GPU memory of a process since it was first seen.", process => process.PeakBytes);
        Each("gpuwatch_process_pytorch_allocated_bytes", "Live bytes of PyTorch's allocator, where the process tells them.", process => process.Reading.TorchAllocated?.Count);
        Each("gpuwatch_process_pytorch_reserved_bytes", "What PyTorch's allocator holds from CUDA, where the process tells it.", process => process.Reading.TorchReserved?.Count);
        Each("gpuwatch_process_gpu_memory_predicted_peak_bytes", "Peak forecast for a process, likeliest value.", process => process.Forecast?.PredictedPeak.Likely.Count);
        Each("gpuwatch_process_gpu_memory_predicted_peak_low_bytes", "Peak forecast for a process, lower end of its 90 % interval.", process => process.Forecast?.PredictedPeak.Low.Count);
        Each("gpuwatch_process_gpu_memory_predicted_peak_high_bytes", "Peak forecast for a process, upper end of its 90 % interval.", process => process.Forecast?.PredictedPeak.High.Count);
        text.Family("gpuwatch_process_memory_estimated_bytes", "gauge", "What the job of a process was estimated to take at its peak, by component.");
        foreach (var (gpu, process) in shown)
        {
            foreach (var (component, size) in process.Plan is { } plan ? plan.Components.Named() : [])
            {
                text.Sample(size.Count, ("gpu", Number(gpu.Index)), ("uuid", gpu.Uuid), ("pid", Number(process.Facts.Pid)),
                    ("job", process.Facts.SlurmJob ?? process.Facts.Pod), ("component", component));
            }
        }
        text.Family("gpuwatch_process_memory_observed_bytes", "gauge", "What was seen of a process at its highest so far, by component, as far as it can be told apart.");
        foreach (var (gpu, process) in shown)
        {
            foreach (var (component, size) in process.ObservedParts)
            {
                text.Sample(size.Count, ("gpu", Number(gpu.Index)), ("uuid", gpu.Uuid), ("pid", Number(process.Facts.Pid)),
                    ("job", process.Facts.SlurmJob ?? process.Facts.Pod), ("component", component));
            }
        }
        text.Family("gpuwatch_oom_probability_ratio", "gauge", "Probability that a process runs out of GPU memory within the horizon.");
        foreach (var (gpu, process) in shown)
        {
            if (process.Forecast is { } forecast)
            {
                text.Sample(forecast.OomWithin60s, ("gpu", Number(gpu.Index)), ("uuid", gpu.Uuid), ("pid", Number(process.Facts.Pid)), ("horizon", "60s"));
                text.Sample(forecast.OomWithin600s, ("gpu", Number(gpu.Index)), ("uuid", gpu.Uuid), ("pid", Number(process.Facts.Pid)), ("horizon", "600s"));
            }
        }

        void Each(string name, string help, Func<LiveProcess, long?> bytes)
        {
            text.Family(name, "gauge", help);
            foreach (var (gpu, process) in shown)
            {
                if (bytes(process) is { } known)
                {
                    text.Sample(known, ("gpu", Number(gpu.Index)), ("uuid", gpu.Uuid), ("pid", Number(process.Facts.Pid)),
                        ("name", process.Facts.Name), ("job", process.Facts.SlurmJob ?? process.Facts.Pod));
                }
            }
        }
    }

    private static void Alerts(MetricText text, Present present)
    {
        text.Family("gpuwatch_alerts_firing", "gauge", "Alerts that are firing now.");
        foreach (var group in present.Alerts.GroupBy(raised => (raised.Alert.Kind, raised.Alert.Severity)).OrderBy(group => group.Key))
        {
            text.Sample(group.Count(), ("rule", group.Key.Kind.Name()), ("severity", group.Key.Severity.Name()));
        }
        text.Family("gpuwatch_oom_predicted_seconds", "gauge", "Seconds until memory is forecast to run out; no sample while no such time can be told.");
        foreach (var raised in present.Alerts)
        {
            if (present.SecondsUntilOom(raised) is { } left)
            {
                text.Sample(left, ("gpu", Number(raised.Gpu)), ("pid", raised.Pid is { } pid ? Number(pid) : null));
            }
        }
    }

    /// <summary>How old all of it is: an agent that cannot read the driver answers with what it last saw.</summary>
    private static void LastSweep(MetricText text, Present present)
    {
        text.Family("gpuwatch_last_sweep_timestamp_seconds", "gauge", "When GPUs were last read; no sample before the first time.");
        if (present.TimeSeconds > 0)
        {
            text.Sample(present.TimeSeconds);
        }
    }

    private void Self(MetricText text)
    {
        text.Family("gpuwatch_samples_total", "counter", "Readings of a GPU that gave data.");
        text.Sample(self.Samples);
        text.Family("gpuwatch_samples_dropped_total", "counter", "Readings of a GPU that failed, by reason.");
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            if (self.Failed(kind) is > 0 and var failed)
            {
                text.Sample(failed, ("reason", FaultNames.Name(kind)));
            }
        }
        text.Family("gpuwatch_in_process_refused_total", "counter", "Times that what a process told of PyTorch's allocator was not believed.");
        text.Sample(self.Refused);
        Durations(text);
        Sinks(text, "gpuwatch_sink_points_written_total", "counter", "Points that a sink's far side took.", sink => sink.Written);
        Sinks(text, "gpuwatch_sink_points_rejected_total", "counter", "Points that a sink's far side refused for good.", sink => sink.Rejected);
        Sinks(text, "gpuwatch_sink_points_dropped_total", "counter", "Points thrown away because a sink's queue was full.", sink => sink.Dropped);
        Sinks(text, "gpuwatch_sink_queue_points", "gauge", "Points that wait for a sink.", sink => sink.Queued());
        text.Family("gpuwatch_sink_up", "gauge", "1 while a sink delivers, 0 while it cannot.");
        foreach (var sink in self.Sinks)
        {
            text.Sample(sink.Problem is null ? 1 : 0, ("sink", sink.Name));
        }
        text.Family("process_cpu_seconds_total", "counter", "User and system CPU time of the agent.");
        text.Sample(SelfMetrics.CpuSeconds);
        text.Family("process_resident_memory_bytes", "gauge", "Resident memory of the agent.");
        text.Sample(SelfMetrics.ResidentBytes);
    }

    private void Durations(MetricText text)
    {
        text.Family("gpuwatch_sample_duration_seconds", "histogram", "Time that a sweep of all GPUs took.");
        long below = 0;
        for (var bucket = 0; bucket < SelfMetrics.DurationBounds.Length; bucket++)
        {
            below += self.InBucket(bucket);
            text.Sample("_bucket", below, ("le", SelfMetrics.DurationBounds[bucket].ToString(CultureInfo.InvariantCulture)));
        }
        below += self.InBucket(SelfMetrics.DurationBounds.Length);
        text.Sample("_bucket", below, ("le", "+Inf"));
        text.Sample("_sum", self.DurationSeconds);
        text.Sample("_count", below);
    }

    private void Sinks(MetricText text, string name, string type, string help, Func<Sinks.SinkCounters, long> value)
    {
        text.Family(name, type, help);
        foreach (var sink in self.Sinks)
        {
            text.Sample(value(sink), ("sink", sink.Name));
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
