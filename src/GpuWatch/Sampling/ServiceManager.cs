using System.Globalization;
using System.Net.Sockets;
using System.Text;
using GpuWatch.Core.Sample;
using GpuWatch.Sinks;

namespace GpuWatch.Sampling;

/// <summary>
/// Tells systemd that the agent is up, alive and ending (sd_notify: datagrams to $NOTIFY_SOCKET). Alive means that sampling
/// goes on or has said why not: an agent whose sampling hangs is started again by the watchdog. Elsewhere it does nothing.
/// </summary>
internal sealed class ServiceManager : ISampleSink, IDisposable
{
    private readonly Socket? socket;
    private readonly UnixDomainSocketEndPoint? endpoint;
    private TimeSpan? watchdog;
    private readonly TimeProvider time;
    private long lastAlive;

    public ServiceManager(Func<string, string?> environment, TimeProvider time)
    {
        this.time = time;
        if (environment("NOTIFY_SOCKET") is not { Length: > 1 } path || path[0] is not ('/' or '@'))
        {
            return;
        }
        // A leading @ names an abstract socket.
        endpoint = new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
        socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        if (long.TryParse(environment("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0)
        {
            watchdog = TimeSpan.FromMicroseconds(microseconds);
        }
    }

    public void Accept(Sweep sweep) => Alive();

    /// <summary>There is one, and it starts again what fails.</summary>
    public bool IsThere => socket is not null;

    /// <param name="heartbeat">Longest time between two sweeps; a watchdog that barks before the third is asked to wait for it.</param>
    public void Ready(string status, TimeSpan heartbeat)
    {
        lastAlive = time.GetTimestamp();
        if (watchdog < heartbeat * 3)
        {
            watchdog = heartbeat * 3;
            Send(string.Create(CultureInfo.InvariantCulture, $"WATCHDOG_USEC={watchdog.Value.TotalMicroseconds:0}"));
        }
        Send("READY=1\nSTATUS=" + status);
    }

    /// <summary>Any thread may say so; it is passed on three times in a watchdog's period.</summary>
    public void Alive()
    {
        if (watchdog is { } period && time.GetElapsedTime(Interlocked.Read(ref lastAlive)) >= period / 3)
        {
            Interlocked.Exchange(ref lastAlive, time.GetTimestamp());
            Send("WATCHDOG=1");
        }
    }

    public void Stopping() => Send("STOPPING=1");

    public void Dispose() => socket?.Dispose();

    private void Send(string state)
    {
        try
        {
            socket?.SendTo(Encoding.UTF8.GetBytes(state), endpoint!);
        }
        catch (SocketException)
        {
            // A service manager that does not listen is no reason to stop watching GPUs; its own watchdog decides.
        }
    }
}
