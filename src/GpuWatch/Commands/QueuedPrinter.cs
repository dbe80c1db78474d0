using GpuWatch.Core.Forecast;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Show;
using GpuWatch.Sinks;

namespace GpuWatch.Commands;

/// <summary>
/// Prints events without ever holding up the sampling: whoever reads our output may be slow or stopped. For people the
/// components follow a closing account, and the forecast every few seconds is left out; it is on the page.
/// </summary>
internal sealed class QueuedPrinter : IEventSink, IAsyncDisposable
{
    private const int Capacity = 10_000;

    private readonly SinkQueue<WatchEvent> queue;
    private readonly EventPrinter printer;
    private readonly bool json;
    private readonly TextWriter output;
    private readonly Func<WatchEvent, bool> isWanted;
    private readonly Task printing;

    /// <param name="isWanted">Which events are printed; null: all, for people without the forecasts.</param>
    public QueuedPrinter(TextWriter output, bool json, SinkCounters counters, Func<WatchEvent, bool>? isWanted = null)
    {
        queue = new SinkQueue<WatchEvent>(Capacity, counters);
        printer = new EventPrinter(output, json);
        (this.output, this.json) = (output, json);
        this.isWanted = isWanted ?? (happened => json || happened is not ForecastMade);
        printing = Task.Run(() => PrintAsync(counters));
    }

    public void Accept(WatchEvent happened)
    {
        if (isWanted(happened))
        {
            queue.Add(happened);
        }
    }

    private async Task PrintAsync(SinkCounters counters)
    {
        var batch = new List<WatchEvent>();
        while (await queue.WaitAsync(CancellationToken.None).ConfigureAwait(false))
        {
            batch.Clear();
            queue.TakeInto(batch, Capacity);
            foreach (var happened in batch)
            {
                printer.Print(happened);
                if (!json && happened is Reconciled account)
                {
                    output.Write(ReconciliationText.Of(account));
                }
            }
            await output.FlushAsync().ConfigureAwait(false);
            counters.CountWritten(batch.Count);
        }
    }

    public async ValueTask DisposeAsync()
    {
        queue.Complete();
        await printing.ConfigureAwait(false);
    }
}
