using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Tests.Alert;

/// <summary>A server holds a third of the card and then grows beside a training job.</summary>
public sealed class NeighbourTests
{
    private const int Job = 7, Server = 5;

    [Fact]
    public void The_tenant_that_grows_is_named_with_its_pace()
    {
        var told = Assert.Single(Warned(name: "server"), raised => raised.Pid == Job && raised.Alert.Kind == AlertKind.Neighbour).Alert;
        Assert.Contains("most of it pid 5 (server), 6.0 GiB a minute;", told.Reason, StringComparison.Ordinal);
        Assert.Equal(Server, told.Evidence["neighbour_pid"]);
    }

    [Fact]
    public void A_name_nobody_knows_is_left_out() =>
        Assert.Contains("pid 5, 6.0 GiB", Assert.Single(Warned(name: null), raised => raised.Alert.Kind == AlertKind.Neighbour).Alert.Reason, StringComparison.Ordinal);

    [Fact]
    public void A_name_cannot_write_to_the_terminal() =>
        Assert.DoesNotContain('\u001b', Assert.Single(Warned(name: "\u001b[2Jserver"), raised => raised.Alert.Kind == AlertKind.Neighbour).Alert.Reason);

    [Fact]
    public void The_one_that_grows_is_not_warned_of_those_it_crowds_out() =>
        Assert.DoesNotContain(Warned(name: null), raised => raised.Pid == Server && raised.Alert.Kind == AlertKind.Neighbour);

    [Fact]
    public void A_tenant_nobody_lists_is_not_blamed_on_one_that_is_listed()
    {
        var told = Assert.Single(Warned(name: null, isListed: false), raised => raised.Alert.Kind == AlertKind.Neighbour).Alert;
        Assert.StartsWith("Other tenants of the GPU have taken", told.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("pid", told.Reason, StringComparison.Ordinal);
    }

    private static IEnumerable<AlertRaised> Warned(string? name, bool isListed = true)
    {
        var events = new List<WatchEvent>();
        var watch = new DeviceWatch(0, _ => null, nameOf: process => process.Pid == Server ? name : "python");
        for (var t = 0; t < 150; t++)
        {
            var server = Bytes.FromGiB(t < 60 ? 6 : Math.Min(6 + 0.1 * (t - 60), 12));
            var job = Bytes.FromGiB(t < 5 ? 0.4 : t < 10 ? 1 : 4);
            ProcessReading[] listed = [.. isListed ? [new ProcessReading(Server, server)] : Array.Empty<ProcessReading>(), new ProcessReading(Job, job)];
            watch.Observe(new GpuFrame(t, 0, Bytes.FromGiB(16.5), server + job, null, null, [.. listed]), events);
        }
        return events.OfType<AlertRaised>();
    }
}
