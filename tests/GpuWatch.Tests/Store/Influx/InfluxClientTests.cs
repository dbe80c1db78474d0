using System.Net;
using System.Net.Sockets;
using System.Text;
using GpuWatch.Store.Influx;
using GpuWatch.Store.Spool;

namespace GpuWatch.Tests.Store.Influx;

public sealed class InfluxClientTests
{
    [Fact]
    public async Task An_error_page_in_no_known_character_set_is_tried_again_like_any_other()
    {
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        using var client = new InfluxClient(new InfluxOptions { Url = new Uri($"http://{proxy.LocalEndpoint}") }, TimeProvider.System);

        var sending = client.SendAsync(new Batch(0, 1, [1, 2, 3]), CancellationToken.None);
        using (var connection = await proxy.AcceptTcpClientAsync())
        {
            var stream = connection.GetStream();
            Assert.NotEqual(0, await stream.ReadAsync(new byte[4096]));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                "HTTP/1.1 503 Busy\r\nContent-Type: text/html; charset=\"no such\"\r\nContent-Length: 2\r\n\r\nno"));
            var answer = await sending;

            Assert.Equal(Outcome.Later, answer.Outcome);
            Assert.Contains("cannot be read", answer.Reason);
        }
    }
}
