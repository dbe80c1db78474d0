using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>Sweeps of a recording through the live pipeline.</summary>
/// <param name="speed">How many times faster than recorded; null: as fast as it goes.</param>
internal sealed class Replay(IEnumerable<Sweep> recording, double? speed, Surroundings around)
{
    private BadInputException? mistake;

    /// <summary>
    /// Hands every event to <paramref name="take"/>, in order. A mistake in the recording ends it there: what was read before is
    /// closed like a recording that ends, then the mistake is thrown.
    /// </summary>
    public void Run(Func<int, DeviceWatch> watchOf, Action<WatchEvent> take)
    {
        Pipeline.Events(Observable.Create<Sweep>(PushAsync), watchOf).Do(take).LastOrDefaultAsync().ToTask().GetAwaiter().GetResult();
        if (mistake is not null)
        {
            throw mistake;
        }
    }

    private async Task PushAsync(IObserver<Sweep> observer, CancellationToken unsubscribed)
    {
        try
        {
            var start = around.Time.GetTimestamp();
            double? first = null;
            foreach (var sweep in recording)
            {
                first ??= sweep.TimeSeconds;
                if (speed is { } factor)
                {
                    await WaitUntil(start, (sweep.TimeSeconds - first.Value) / factor).ConfigureAwait(false);
                }
                if (around.Stop.IsCancellationRequested || unsubscribed.IsCancellationRequested)
                {
                    break;
                }
                observer.OnNext(sweep);
            }
        }
        catch (BadInputException bad)
        {
            mistake = bad;
        }
        observer.OnCompleted();
    }

    private async Task WaitUntil(long start, double seconds)
    {
        var wait = TimeSpan.FromSeconds(seconds) - around.Time.GetElapsedTime(start);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, around.Time, around.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
