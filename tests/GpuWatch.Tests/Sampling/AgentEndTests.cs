using System.Reactive.Concurrency;
using GpuWatch.Commands;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Sampling;

/// <summary>
/// Issue 2: Ctrl-C ends the agent within a second. In virtual time, so that no load on the machine can make it late: the whole agent in
/// this process, on a driver or with a sink that never answers.
/// </summary>
[Collection(NvmlCollection.Name)]
public sealed class AgentEndTests
{
    private readonly ManualTime time = new();
    private readonly HistoricalScheduler scheduler = new(Start);
    private readonly CancellationTokenSource stop = new();
    private readonly StringWriter said = new();

    [Fact]
    public async Task A_sink_that_never_ends_costs_its_own_data_and_less_than_a_second()
    {
        Assert.Equal(0, NvmlSim.Load("gpu 0 total=24GiB\njob 3000005 gpu=0\n at 0 4GiB\n"));
        var agent = Agent();
        var counted = new Counted();
        agent.AddSink(_ => new Stuck());
        agent.AddSink(_ => counted);
        var running = agent.RunAsync(null, null);
        scheduler.AdvanceBy(Seconds(3));
        Assert.Equal(0, time.Waiting);
        stop.Cancel();
        Assert.True(SpinWait.SpinUntil(() => time.Waiting > 0, Seconds(30)));
        Assert.False(running.IsCompleted);
        time.Advance(Seconds(0.9));

        Assert.Equal(ExitCode.Interrupted, await running.WaitAsync(Seconds(30)));
        Assert.InRange(counted.Sweeps, 3, 4);
        Assert.Contains("some sinks could not be flushed in time", said.ToString());
    }

    [Fact]
    public async Task A_driver_that_never_answers_is_not_waited_for()
    {
        Assert.Equal(0, NvmlSim.Load("gpu 0 total=24GiB\nfault hang from=1\n"));
        var running = Agent().RunAsync(null, null);
        scheduler.AdvanceBy(Seconds(0.5));
        NvmlSim.SetTime(1);
        var calls = NvmlSim.Calls();
        var sampling = Task.Run(() => scheduler.AdvanceBy(Seconds(1)));
        Assert.True(SpinWait.SpinUntil(() => NvmlSim.Calls() > calls, Seconds(30)));
        var before = time.GetUtcNow();
        stop.Cancel();

        Assert.Equal(ExitCode.Interrupted, await running.WaitAsync(Seconds(30)));
        Assert.Equal(before, time.GetUtcNow());
        Assert.Equal(0, NvmlSim.Load("gpu 0 total=24GiB\n"));
        time.Advance(Seconds(1));
        await sampling.WaitAsync(Seconds(30));
    }

    private Agent Agent() => new(
        new AgentOptions { Nvml = new() { Path = NvmlSim.Path }, Http = new() { Listen = null } },
        new Surroundings(TextWriter.Null, said, false, _ => null, time, scheduler, stop.Token));

    private sealed class Stuck : IEventSink, IAsyncDisposable
    {
        public void Accept(WatchEvent happened)
        {
        }

        public ValueTask DisposeAsync() => new(new TaskCompletionSource().Task);
    }

    private sealed class Counted : ISampleSink
    {
        public int Sweeps { get; private set; }

        public void Accept(Sweep sweep) => Sweeps++;
    }
}
