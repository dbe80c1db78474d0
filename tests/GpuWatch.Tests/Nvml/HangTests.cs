using GpuWatch.Core.Sample;
using GpuWatch.Nvml;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Nvml;

/// <summary>Calls that never return, in virtual time: the simulator really blocks, and the clock is moved by hand.</summary>
[Collection(NvmlCollection.Name)]
public sealed class HangTests
{
    private const string Healthy = "gpu 0 total=24GiB\ngpu 1 total=24GiB\njob 3000005 gpu=1\n at 0 4GiB\n";
    private const string HangsAtTen = Healthy + "fault hang gpu=1 from=10";

    private readonly ManualTime time = new();

    [Fact]
    public void A_healthy_driver_is_read_as_without_the_guard()
    {
        using var guarded = new GuardedGpus(NvmlSim.Open(Healthy), time);
        Assert.Equal(4, guarded.Frame(gpu: 1).Used.GiB);
        Assert.Equal(0, guarded.Frame(gpu: 0).Used.GiB);
    }

    [Fact]
    public void A_call_that_never_returns_costs_its_gpu_only_and_is_told_within_five_seconds()
    {
        using var guarded = new GuardedGpus(NvmlSim.Open(HangsAtTen), time);
        NvmlSim.SetTime(10);
        Assert.Equal(FaultKind.Timeout, ReadUntilPatienceEnds(guarded).Kind);
        Assert.Equal(24, guarded.Frame(gpu: 0, at: 10.5).Total.GiB);
        var calls = NvmlSim.Calls();

        time.Advance(Seconds(1.5));
        var told = guarded.Fault(gpu: 1, at: 12);
        Assert.Equal(FaultKind.DriverUnresponsive, told.Kind);
        Assert.Contains("GPU 1", told.Reason);
        Assert.InRange(time.GetUtcNow() - Start, TimeSpan.Zero, Seconds(5));
        Assert.Equal(calls, NvmlSim.Calls());
    }

    [Fact]
    public void A_driver_that_hangs_as_a_whole_is_told_of_all_its_sixteen_gpus_within_five_seconds()
    {
        var gpus = string.Concat(Enumerable.Range(0, 16).Select(gpu => $"gpu {gpu} total=24GiB\n"));
        using var guarded = new GuardedGpus(NvmlSim.Open(gpus + "fault hang from=10"), time);
        NvmlSim.SetTime(10);
        for (var gpu = 0; gpu < 16; gpu++)
        {
            ReadInVain(guarded, gpu, at: 10);
        }
        time.Advance(GuardedGpus.UnresponsiveAfter);

        Assert.All(Enumerable.Range(0, 16), gpu => Assert.Equal(FaultKind.DriverUnresponsive, guarded.Fault(gpu, at: 99).Kind));
        Assert.InRange(time.GetUtcNow() - Start, TimeSpan.Zero, Seconds(5));
    }

    [Fact]
    public void While_a_call_is_out_no_second_one_is_made_and_no_thread_is_added()
    {
        using var guarded = new GuardedGpus(NvmlSim.Open(HangsAtTen), time);
        NvmlSim.SetTime(10);
        ReadUntilPatienceEnds(guarded);
        var calls = NvmlSim.Calls();
        for (var second = 11; second < 600; second++)
        {
            time.Advance(Seconds(1));
            Assert.NotNull(guarded.Fault(gpu: 1, at: second));
        }
        Assert.Equal(calls, NvmlSim.Calls());
        Assert.Equal(0, time.Waiting);
    }

    [Fact]
    public void When_the_call_comes_back_its_old_answer_is_dropped_and_the_gpu_is_read_again()
    {
        using var guarded = new GuardedGpus(NvmlSim.Open(Healthy + "fault hang gpu=1 from=10 to=20"), time);
        NvmlSim.SetTime(10);
        ReadUntilPatienceEnds(guarded);
        NvmlSim.SetTime(20);
        Assert.True(SpinWait.SpinUntil(() => guarded.Read(1, 20, true).Frame is not null, Seconds(30)));
        Assert.Equal(21, guarded.Frame(gpu: 1, at: 21).TimeSeconds);
    }

    [Fact]
    public void A_slow_driver_is_waited_for_within_its_patience()
    {
        using var guarded = new GuardedGpus(NvmlSim.Open(Healthy + "fault delay_ms=30 gpu=1"), time);
        Assert.Equal(4, guarded.Frame(gpu: 1).Used.GiB);
    }

    [Fact]
    public void A_driver_that_times_out_again_and_again_becomes_unresponsive_and_then_recovers()
    {
        using var guarded = new GuardedGpus(NvmlSim.Open(Healthy + "fault code=10 gpu=1 from=10 to=20"), time);
        Assert.Equal(FaultKind.Timeout, guarded.Fault(gpu: 1, at: 10).Kind);
        time.Advance(Seconds(1));
        Assert.Equal(FaultKind.Timeout, guarded.Fault(gpu: 1, at: 11).Kind);
        time.Advance(Seconds(1));
        Assert.Equal(FaultKind.DriverUnresponsive, guarded.Fault(gpu: 1, at: 12).Kind);
        guarded.Frame(gpu: 1, at: 20);
        NvmlSim.SetTime(10);
        Assert.Equal(FaultKind.Timeout, guarded.Fault(gpu: 1, at: 10).Kind);
    }

    [Fact]
    public async Task Opening_that_hangs_is_a_fault_and_is_not_tried_twice_at_once()
    {
        Assert.Equal(0, NvmlSim.Load(Healthy + "fault hang call=nvmlInit* to=20"));
        using var opener = new GpuOpener(() => NvmlGpuSource.Open(NvmlSim.Path), time);
        var opening = Task.Run(() => opener.Open());
        Assert.True(SpinWait.SpinUntil(() => NvmlSim.Calls("nvmlInit_v2") == 1, Seconds(30)));
        AdvanceWhenWaiting(GpuOpener.Patience);
        Assert.Equal(FaultKind.DriverUnresponsive, (await opening).Fault!.Kind);
        Assert.Equal(FaultKind.DriverUnresponsive, opener.Open().Fault!.Kind);
        Assert.Equal(1ul, NvmlSim.Calls("nvmlInit_v2"));

        NvmlSim.SetTime(20);
        GpuOpening again = null!;
        Assert.True(SpinWait.SpinUntil(() => (again = opener.Open()).Source is not null, Seconds(30)));
        again.Source!.Dispose();
    }

    [Fact]
    public async Task A_driver_that_takes_longer_than_the_patience_is_opened_all_the_same_and_once()
    {
        Assert.Equal(0, NvmlSim.Load(Healthy + "fault hang call=nvmlInit* to=5"));
        using var opener = new GpuOpener(() => NvmlGpuSource.Open(NvmlSim.Path), time);
        var opening = Task.Run(() => opener.Open());
        Assert.True(SpinWait.SpinUntil(() => NvmlSim.Calls("nvmlInit_v2") == 1, Seconds(30)));
        AdvanceWhenWaiting(GpuOpener.Patience);
        Assert.Contains("initialising for 4 s", (await opening).Fault!.Reason);

        // It comes back while nobody waits for it.
        NvmlSim.SetTime(5);
        Assert.True(SpinWait.SpinUntil(() => NvmlSim.Calls("nvmlDeviceGetMemoryInfo_v2") >= 2, Seconds(30)));
        GpuOpening late = null!;
        Assert.True(SpinWait.SpinUntil(() => (late = opener.Open()).Source is not null, Seconds(30)));
        Assert.Equal(1ul, NvmlSim.Calls("nvmlInit_v2"));
        using var source = late.Source!;
        Assert.Equal(4, source.Frame(gpu: 1, at: 6).Used.GiB);
    }

    [Fact]
    public void An_answer_that_comes_while_it_is_given_up_is_taken()
    {
        var none = new Fault(FaultKind.DriverNotLoaded, "");
        for (var i = 0; i < 3000; i++)
        {
            using var opener = new GpuOpener(() => new(null, none), TimeProvider.System);
            while (opener.Open(TimeSpan.Zero).Fault != none)
            {
            }
        }
    }

    [Fact]
    public async Task Who_has_time_waits_for_a_slow_driver_until_it_is_told_to_stop()
    {
        Assert.Equal(0, NvmlSim.Load(Healthy + "fault hang call=nvmlInit*"));
        using var opener = new GpuOpener(() => NvmlGpuSource.Open(NvmlSim.Path), time);
        using var stop = new CancellationTokenSource();
        var opening = Task.Run(() => opener.Open(GpuOpener.LongPatience, stop.Token));
        AdvanceWhenWaiting(Seconds(20));
        Assert.False(opening.IsCompleted);
        stop.Cancel();
        Assert.Contains("initialising for 20 s", (await opening).Fault!.Reason);
        Assert.Equal(0, NvmlSim.Load(Healthy));
    }

    [Fact]
    public void Closing_does_not_wait_for_a_call_that_is_out()
    {
        var guarded = new GuardedGpus(NvmlSim.Open(HangsAtTen), time);
        NvmlSim.SetTime(10);
        ReadUntilPatienceEnds(guarded);
        var closed = NvmlSim.Calls("nvmlShutdown");
        guarded.Dispose();
        Assert.Equal(closed, NvmlSim.Calls("nvmlShutdown"));
    }

    [Fact]
    public void A_bug_in_the_source_reaches_the_caller()
    {
        var broken = new FakeGpus { OnRead = _ => throw new InvalidCastException("bug") };
        using var guarded = new GuardedGpus(broken, TimeProvider.System);
        Assert.Throws<InvalidCastException>(() => guarded.Read(0, 0, true));
    }

    private Fault ReadUntilPatienceEnds(GuardedGpus guarded)
    {
        var calls = NvmlSim.Calls();
        var reading = Task.Run(() => guarded.Read(1, 10, withProcesses: true));
        Assert.True(SpinWait.SpinUntil(() => NvmlSim.Calls() > calls, Seconds(30)));
        AdvanceWhenWaiting(GuardedGpus.Patience);
        return reading.Result.Fault!;
    }

    /// <summary>The clock moves only while the reading waits on it.</summary>
    private void ReadInVain(GuardedGpus guarded, int gpu, double at)
    {
        var reading = Task.Run(() => guarded.Read(gpu, at, withProcesses: true));
        Assert.True(SpinWait.SpinUntil(() =>
        {
            if (time.Waiting > 0)
            {
                time.Advance(Seconds(0.1));
            }
            return reading.IsCompleted;
        }, Seconds(30)));
        Assert.NotNull(reading.Result.Fault);
    }

    private void AdvanceWhenWaiting(TimeSpan by)
    {
        Assert.True(SpinWait.SpinUntil(() => time.Waiting > 0, Seconds(30)));
        time.Advance(by);
    }
}
