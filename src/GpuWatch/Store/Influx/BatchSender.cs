using GpuWatch.Store.Spool;

namespace GpuWatch.Store.Influx;

/// <summary>Sends a batch, in halves where the server finds it too large, and learns from that how large batches may be.</summary>
internal sealed class BatchSender(Func<Batch, CancellationToken, Task<Answer>> send, int batchPoints)
{
    private volatile int most = batchPoints;

    /// <summary>Points of a batch from now on.</summary>
    public int BatchPoints => most;

    /// <summary>Stored or Refused only when each half was; otherwise the whole batch is to be sent again, which changes nothing that is stored.</summary>
    public async Task<Answer> SendAsync(Batch batch, CancellationToken stop)
    {
        var answer = await send(batch, stop).ConfigureAwait(false);
        if (answer.Outcome != Outcome.TooLarge)
        {
            return answer;
        }
        if (batch.Points <= 1)
        {
            return new(Outcome.Refused, batch.Points, Reason: answer.Reason);
        }
        most = Math.Max(1, Math.Min(most, batch.Points / 2));
        var (first, second) = Gzip.Halve(batch);
        var left = await SendAsync(first, stop).ConfigureAwait(false);
        if (left.Outcome is not (Outcome.Stored or Outcome.Refused))
        {
            return left;
        }
        var right = await SendAsync(second, stop).ConfigureAwait(false);
        return right.Outcome is not (Outcome.Stored or Outcome.Refused) ? right
            : left.RefusedPoints + right.RefusedPoints == 0 ? Answer.Stored
            : new(Outcome.Refused, left.RefusedPoints + right.RefusedPoints, Reason: left.Reason ?? right.Reason);
    }
}
