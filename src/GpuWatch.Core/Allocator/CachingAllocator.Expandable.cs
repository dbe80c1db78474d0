namespace GpuWatch.Core.Allocator;

/// <summary>
/// expandable_segments: one segment a pool, whose end grows by pages of the pool's segment size. Of what is free only the end is given back
/// here; PyTorch also unmaps whole pages between live blocks, so under a capacity this model gives up a little sooner.
/// </summary>
public sealed partial class CachingAllocator
{
    /// <summary>Room between the addresses of the two growing segments.</summary>
    private const long LargeBase = 1L << 50;

    /// <summary>The last block of each growing segment; -1 = not begun.</summary>
    private int smallEnd, largeEnd;

    private bool TryExpand(long size, bool isSmall, out int block)
    {
        ref var end = ref isSmall ? ref smallEnd : ref largeEnd;
        var page = isSmall ? Granularity.SmallSegment : Granularity.LargeSegment;
        end = Last(end);
        block = end;
        var free = end >= 0 && blocks[end].Free ? blocks[end].Size : 0;
        var more = Granularity.Up(size - free, page);
        if (!HasRoom(more))
        {
            return false;
        }
        if (free > 0)
        {
            TakeOut(isSmall ? small : large, blocks[end].Place);
            blocks[end].Place = -1;
            blocks[end].Size += more;
        }
        else
        {
            var address = end >= 0 ? blocks[end].Address + blocks[end].Size : isSmall ? 0 : LargeBase;
            var added = New(address, more, end, -1, isSmall);
            if (end >= 0)
            {
                blocks[end].After = added;
            }
            end = added;
        }
        block = end;
        Hold(more);
        return true;
    }

    private void Shrink(FreeBlocks pool, ref int end, long page)
    {
        end = Last(end);
        if (end < 0 || !blocks[end].Free)
        {
            return;
        }
        var (size, before) = (blocks[end].Size, blocks[end].Before);
        var kept = size % page;
        TakeOut(pool, blocks[end].Place);
        Reserved -= size - kept;
        if (kept > 0)
        {
            blocks[end].Size = kept;
            PutIn(pool, end);
            return;
        }
        Forget(end);
        end = before;
        if (before >= 0)
        {
            blocks[before].After = -1;
        }
    }

    /// <summary>Cuts and merges move the end along.</summary>
    private int Last(int end)
    {
        while (end >= 0 && blocks[end].After >= 0)
        {
            end = blocks[end].After;
        }
        return end;
    }
}
