using System.Net;
using System.Net.Sockets;

namespace GpuWatch.Tests.Support;

/// <summary>Ports for servers that must be told theirs.</summary>
internal static class Ports
{
    /// <summary>Linux gives connections, and whoever asks for any port, those from 32768 on: between our look and the server's start one of them could be gone.</summary>
    private const int Lowest = 20_000, BeyondHighest = 32_768;

    /// <summary>Kept to the end: by its twin of the other protocol another run of these tests sees that a port is taken, too.</summary>
    private static readonly List<Socket> Claims = [];

    public static int Free()
    {
        lock (Claims)
        {
            while (true)
            {
                var port = Random.Shared.Next(Lowest, BeyondHighest);
                var claim = Bound(port, SocketType.Dgram, ProtocolType.Udp);
                using var free = claim is null ? null : Bound(port, SocketType.Stream, ProtocolType.Tcp);
                if (free is not null)
                {
                    Claims.Add(claim!);
                    return port;
                }
                claim?.Dispose();
            }
        }
    }

    private static Socket? Bound(int port, SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
