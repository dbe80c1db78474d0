using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.InProcess;
using GpuWatch.Tests.Support;
using Told = GpuWatch.InProcess.Told;

namespace GpuWatch.Tests.InProcess;

public sealed class TellerChannelTests : IDisposable
{
    private const long Second = 1_000_000_000, Period = Second / 2;
    private static readonly GpuInfo Gpu0 = new(0, "GPU-aa-00", "A", "00000000:01:00.0", null, null);
    private static readonly GpuInfo Gpu1 = new(1, "GPU-aa-01", "B", "00000000:02:00.0", null, null);

    private readonly SettableClock clock = new();
    private readonly List<string> said = [];
    private readonly List<int> looked = [];
    private readonly TellerChannel channel;
    private Func<int, TellerLook> answer = _ => default;
    private int refused;

    public TellerChannelTests() => channel = new(
        (pid, _) =>
        {
            looked.Add(pid);
            return answer(pid);
        },
        clock, said.Add, () => refused++);

    [Fact]
    public void What_a_process_tells_of_its_only_gpu_is_added()
    {
        answer = _ => Tells(3, 7);
        Take(Gpu0);

        Assert.Equal((Bytes.FromGiB(3), Bytes.FromGiB(7)), After(0.1));
    }

    [Fact]
    public void A_process_that_tells_nothing_costs_a_look_ever_more_rarely_and_the_frame_stays_the_same()
    {
        for (var i = 0; i < 600; i++)
        {
            var frame = Frame(Gpu0, 10);
            Assert.Same(frame, channel.Add(frame, Gpu0));
            clock.Now += Second / 10;
        }

        Assert.InRange(looked.Count, 5, 11);
    }

    [Fact]
    public void What_is_older_than_some_periods_is_unknown_again()
    {
        var told = Tells(3, 7);
        answer = _ => told;
        Take(Gpu0);

        Assert.NotNull(After(2.4));
        Assert.Null(After(0.2));
        Assert.Empty(said);
    }

    [Fact]
    public void A_file_that_a_dead_process_of_that_number_left_says_nothing()
    {
        var told = Tells(3, 7);
        clock.Now += 60 * Second;
        answer = _ => told;
        Take(Gpu0);

        Assert.Null(After(0.1));
    }

    [Fact]
    public void A_time_that_lies_in_the_future_is_refused()
    {
        answer = _ => Tells(3, 7, at: clock.Now + 3600 * Second);
        Take(Gpu0);

        Assert.Null(After(0.1));
        Assert.Contains("future", Assert.Single(said));
    }

    [Fact]
    public void More_reserved_than_the_driver_has_given_is_passed_over_and_said_once_when_it_goes_on()
    {
        answer = _ => Tells(3, 11);
        Take(Gpu0);
        Assert.Null(After(0.6));
        Assert.Empty(said);

        for (var i = 0; i < 10; i++)
        {
            Assert.Null(After(0.6));
        }

        Assert.Contains("pid 4242", Assert.Single(said));
        Assert.True(refused > 1);
    }

    [Fact]
    public void What_is_not_believed_is_said_once_in_our_words_and_counted()
    {
        answer = _ => new(Named, null, "it is no regular file");
        Take(Gpu0);
        After(5);
        After(20);

        Assert.Equal("pid 4242: what it tells of PyTorch's memory is not believed: it is no regular file.", Assert.Single(said));
        Assert.Equal(3, refused);
    }

    [Fact]
    public void On_two_gpus_only_the_one_it_names_is_meant()
    {
        answer = _ => Tells(3, 7);
        Take(Gpu0);
        Take(Gpu1);
        Assert.Null(After(0.1));

        answer = _ => Tells(3, 7, uuid: "AA-01");
        After(0.6);

        Assert.Null(After(0.1));
        Assert.NotNull(After(0, Gpu1));
    }

    [Fact]
    public void A_bus_address_names_a_gpu_too_and_a_wrong_one_none()
    {
        answer = _ => Tells(3, 7, bus: "00000000:01:00.0");
        Take(Gpu0);
        Assert.NotNull(After(0.1));

        answer = _ => Tells(3, 7, bus: "00000000:09:00.0");

        Assert.Null(After(0.6));
    }

    [Fact]
    public void There_is_news_when_the_next_file_is_due_and_not_before()
    {
        answer = _ => Tells(3, 7);
        Take(Gpu0);
        After(0.1);

        clock.Now += 3 * Second / 10;
        Assert.False(channel.HasNews(0));
        clock.Now += 3 * Second / 10;
        Assert.True(channel.HasNews(0));
        Assert.False(channel.HasNews(1));
    }

    /// <summary>As behind a file system that does not answer.</summary>
    [Fact]
    public void A_look_that_hangs_holds_nobody_up_and_is_said_once()
    {
        using var hang = new ManualResetEventSlim();
        var patient = new List<string>();
        using var hung = new TellerChannel(
            (_, _) =>
            {
                hang.Wait();
                return default;
            },
            TimeProvider.System, patient.Add, () => { });

        for (var i = 0; i < 100; i++)
        {
            hung.Add(new GpuFrame(i, 0, Bytes.FromGiB(16), Bytes.FromGiB(1), null, null, [new ProcessReading(i, Bytes.FromGiB(1))]), Gpu0);
        }

        Assert.Contains("in time", Assert.Single(patient));
        hang.Set();
    }

    public void Dispose() => channel.Dispose();

    private static TellerName Named { get; } = new(4242, 1, 0);

    private TellerLook Tells(double allocated, double reserved, string? uuid = null, string? bus = null, long? at = null) =>
        new(Named, new Told(at ?? clock.Now, Period, [new ToldDevice(uuid, bus, Bytes.FromGiB(allocated), Bytes.FromGiB(reserved))]), null);

    private static GpuFrame Frame(GpuInfo gpu, double gib) =>
        new(0, gpu.Index, Bytes.FromGiB(16), Bytes.FromGiB(gib), null, null, [new ProcessReading(4242, Bytes.FromGiB(gib))]);

    private ProcessReading Take(GpuInfo gpu)
    {
        var reading = channel.Add(Frame(gpu, 10), gpu).Processes[0];
        clock.Now++;
        return reading;
    }

    private (Bytes, Bytes)? After(double seconds, GpuInfo? gpu = null)
    {
        clock.Now += (long)(seconds * Second);
        return Take(gpu ?? Gpu0) is { TorchAllocated: { } allocated, TorchReserved: { } reserved } ? (allocated, reserved) : null;
    }

    /// <summary>However long the reading thread waits for its turn on this machine, nobody loses patience.</summary>
    private sealed class SettableClock : TimeProvider
    {
        private readonly ManualTime timers = new();

        public long Now { get; set; } = 1000 * Second;
        public override long TimestampFrequency => Second;
        public override long GetTimestamp() => Now;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => timers.CreateTimer(callback, state, dueTime, period);
    }
}
