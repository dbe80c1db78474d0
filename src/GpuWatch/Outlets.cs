using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;

namespace GpuWatch;

/// <summary>Opens the sinks that the configuration asks for; one that is not asked for costs nothing.</summary>
internal sealed class Outlets(AgentOptions options, SelfMetrics self, LiveState live, ProcessDirectory directory, Action<string> say, TimeProvider time)
{
    public void AddTo(SinkSet sinks)
    {
        if (options.Influx is { } influx)
        {
            sinks.Add(new InfluxSink(influx, new PointNames(Environment.MachineName, live.InfoOf, directory.Of, live.PlanOf), Counters("influxdb"), say, time));
        }
    }

    private SinkCounters Counters(string name)
    {
        var counters = new SinkCounters(name);
        self.Sinks.Add(counters);
        return counters;
    }
}
