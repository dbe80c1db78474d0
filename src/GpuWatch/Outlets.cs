using GpuWatch.Core.Jobs;
using GpuWatch.Options;
using GpuWatch.Sampling;
using GpuWatch.Show;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Store.Sqlite;

namespace GpuWatch;

/// <summary>Opens the sinks that the configuration asks for; one that is not asked for costs nothing.</summary>
/// <param name="jobOf">The job that a process (GPU, pid) was declared to be; asked on the sampling thread.</param>
internal sealed class Outlets(
    AgentOptions options, SelfMetrics self, LiveState live, ProcessDirectory directory, Func<int, int?, Job?> jobOf, Action<string> say, TimeProvider time)
{
    public void AddTo(SinkSet sinks)
    {
        if (options.Store.Path is not null)
        {
            sinks.Add(new SqliteSink(options.Store, EventJson.Line, jobOf, Counters("sqlite"), say, time));
        }
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
