using GpuWatch.Sinks;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Sinks;

public sealed class SinkSetTests
{
    [Fact]
    public async Task A_sink_that_fails_at_the_end_is_named_and_the_others_are_flushed()
    {
        var said = new List<string>();
        var sinks = new SinkSet();
        sinks.Add(new Broken());
        var other = sinks.Add(new Flushed());

        Assert.False(await sinks.CloseAsync(At.Seconds(10), said.Add, TimeProvider.System));
        Assert.True(other.IsDone);
        Assert.Equal("Broken could not be flushed: the disk is gone", Assert.Single(said));
    }

    private sealed class Broken : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.FromException(new IOException("the disk is gone"));
    }

    private sealed class Flushed : IAsyncDisposable
    {
        public bool IsDone { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            IsDone = true;
        }
    }
}
