namespace GpuWatch.Store.Spool;

/// <summary>
/// Batches waiting for the server, oldest first: in memory while it keeps up, on disk from the moment it does not until
/// the disk is drained. What is on disk is always older than what is in memory, so the order holds. Thread-safe.
/// </summary>
/// <param name="spool">Null: no disk; then only <paramref name="memoryBatches"/> survive an outage.</param>
/// <param name="memoryBatches">Batches kept in memory; more go to disk, or, where the disk takes none, the oldest of them is dropped.</param>
/// <param name="dropped">Told of points that were thrown away.</param>
internal sealed class Backlog(DiskSpool? spool, int memoryBatches, Action<long> dropped) : IDisposable
{
    private readonly Lock gate = new();
    private readonly LinkedList<Batch> memory = new();
    private readonly SemaphoreSlim some = new(0, 1);
    private readonly SemaphoreSlim room = new(0, 1);
    private bool complete;
    private long nextSequence = (spool?.LastSequence ?? -1) + 1;

    /// <summary>Why the disk takes nothing; null while it does.</summary>
    public string? DiskProblem { get; private set; }

    public long Points
    {
        get
        {
            lock (gate)
            {
                return memory.Sum(batch => (long)batch.Points) + (spool?.Points ?? 0);
            }
        }
    }

    public long DiskBytes
    {
        get
        {
            lock (gate)
            {
                return spool?.Bytes ?? 0;
            }
        }
    }

    /// <summary>
    /// Waits, where there is no disk, until memory has room for another batch: what comes meanwhile waits in the sink's queue.
    /// With a disk there always is.
    /// </summary>
    public async ValueTask RoomAsync(CancellationToken stop)
    {
        while (IsFull())
        {
            await room.WaitAsync(stop).ConfigureAwait(false);
        }
    }

    public void Add(int points, byte[] content)
    {
        lock (gate)
        {
            memory.AddLast(new Batch(nextSequence++, points, content));
            if (memory.Count > memoryBatches || spool is { IsEmpty: false })
            {
                ToDisk();
            }
            while (memory.Count > memoryBatches)
            {
                dropped(memory.First!.Value.Points);
                memory.RemoveFirst();
            }
            Release(some);
        }
    }

    /// <summary>The server does not take them: what is in memory goes to disk, where it outlives this process.</summary>
    public void Spill()
    {
        lock (gate)
        {
            ToDisk();
        }
    }

    /// <summary>Waits until there is a batch; false when there is none and none will come.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken stop)
    {
        while (Peek() is null)
        {
            if (complete)
            {
                return false;
            }
            await some.WaitAsync(stop).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>The oldest batch, which stays until it is removed; null when there is none.</summary>
    public Batch? Peek()
    {
        lock (gate)
        {
            return spool?.Peek() ?? memory.First?.Value;
        }
    }

    /// <summary>Delivered, or refused for good. It may have moved to disk, or been dropped, since it was peeked.</summary>
    public void Remove(Batch batch)
    {
        lock (gate)
        {
            spool?.Remove(batch);
            if (memory.First?.Value.Sequence == batch.Sequence)
            {
                memory.RemoveFirst();
            }
            Release(room);
        }
    }

    /// <summary>No more will be added.</summary>
    public void Complete()
    {
        lock (gate)
        {
            complete = true;
            Release(some);
        }
    }

    /// <summary>What could not be delivered nor kept on disk is lost, and counted.</summary>
    public void Dispose()
    {
        foreach (var batch in memory)
        {
            dropped(batch.Points);
        }
        memory.Clear();
        spool?.Dispose();
        some.Dispose();
        room.Dispose();
    }

    private bool IsFull()
    {
        lock (gate)
        {
            return spool is null && memory.Count >= memoryBatches;
        }
    }

    private void ToDisk()
    {
        try
        {
            while (spool is not null && memory.First?.Value is { } batch)
            {
                spool.Append(batch);
                memory.RemoveFirst();
            }
            DiskProblem = null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            DiskProblem = refused.Message;
        }
    }

    private static void Release(SemaphoreSlim waiters)
    {
        if (waiters.CurrentCount == 0)
        {
            waiters.Release();
        }
    }
}
