using System.Net.Sockets;
using System.Text;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;
using static GpuWatch.Tests.Support.At;

namespace GpuWatch.Tests.Sampling;

public sealed class ServiceManagerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    private readonly ManualTime time = new();

    public void Dispose()
    {
        systemd.Dispose();
        folder.Dispose();
    }

    [LinuxFact]
    public void It_tells_that_it_is_ready_alive_and_ending()
    {
        using var manager = Manager(watchdogMicroseconds: "30000000");
        manager.Ready("watching 8 GPUs", Seconds(1));
        Assert.Equal("READY=1\nSTATUS=watching 8 GPUs", Received());
        manager.Accept(Sweeps.Of(1));
        Assert.Null(Received());
        time.Advance(Seconds(10));
        manager.Accept(Sweeps.Of(11));
        Assert.Equal("WATCHDOG=1", Received());
        manager.Accept(Sweeps.Of(11.1));
        Assert.Null(Received());
        manager.Stopping();
        Assert.Equal("STOPPING=1", Received());
    }

    [LinuxFact]
    public void A_watchdog_that_would_bark_before_the_third_sweep_is_asked_to_wait()
    {
        using var manager = Manager(watchdogMicroseconds: "30000000");
        manager.Ready("watching", heartbeat: Seconds(60));
        Assert.Equal("WATCHDOG_USEC=180000000", Received());
        Assert.Equal("READY=1\nSTATUS=watching", Received());
        time.Advance(Seconds(60));
        manager.Alive();
        Assert.Equal("WATCHDOG=1", Received());
    }

    [LinuxFact]
    public void Without_a_watchdog_it_stays_silent_and_without_systemd_it_does_nothing()
    {
        using var manager = Manager(watchdogMicroseconds: null);
        time.Advance(Seconds(100));
        manager.Alive();
        Assert.Null(Received());

        using var alone = new ServiceManager(_ => null, time);
        alone.Ready("x", Seconds(1));
        alone.Alive();
        alone.Stopping();
    }

    [LinuxFact]
    public void A_service_manager_that_is_gone_does_no_harm()
    {
        using var manager = new ServiceManager(name => name == "NOTIFY_SOCKET" ? folder.File("nobody") : null, time);
        manager.Ready("x", Seconds(1));
    }

    private ServiceManager Manager(string? watchdogMicroseconds)
    {
        systemd.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        return new(name => name switch { "NOTIFY_SOCKET" => folder.File("notify"), "WATCHDOG_USEC" => watchdogMicroseconds, _ => null }, time);
    }

    private string? Received()
    {
        var buffer = new byte[256];
        return systemd.Available > 0 ? Encoding.UTF8.GetString(buffer, 0, systemd.Receive(buffer)) : null;
    }
}
