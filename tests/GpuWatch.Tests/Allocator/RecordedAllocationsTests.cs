using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using GpuWatch.Core.Allocator;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Allocator;

public sealed class RecordedAllocationsTests
{
    /// <summary>The strictest comparison there is: a real H100's allocator, block by block.</summary>
    [Fact]
    public void Every_block_of_a_recorded_training_is_put_where_PyTorch_put_it()
    {
        var allocator = new CachingAllocator();
        var (live, found, requests, astray) = (new Dictionary<long, int>(), new List<int>(), 0, 0);
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Traces", "allocator_h100.csv")))
        {
            var parts = line.Split(',');
            var offset = Number(parts[1]);
            switch (parts[0])
            {
                case "segment":
                    found.Clear();
                    allocator.Adopt(offset, parts[2] == "small", parts[3].Split(';').Select(Number).ToArray(), found);
                    found.ForEach(block => live.Add(allocator.AddressOf(block), block));
                    break;
                case "alloc":
                    requests++;
                    Assert.True(allocator.TryAllocate(Number(parts[2]), out var taken));
                    astray += allocator.AddressOf(taken) == offset ? 0 : 1;
                    live.Add(offset, taken);
                    break;
                default:
                    Assert.True(live.Remove(offset, out var freed));
                    allocator.Free(freed);
                    break;
            }
        }

        Assert.Equal((1736, 0), (requests, astray));
        Assert.Equal(7_235_174_400, allocator.PeakReserved);
    }

    [SharedDataTheory]
    [InlineData("fixed_llama")]
    [InlineData("lora_llama")]
    [InlineData("varlen_llama")]
    [InlineData("leak_graph_llama")]
    public void A_whole_training_run_is_held_within_a_few_segments_of_what_it_asks_for(string name)
    {
        var allocator = new CachingAllocator();
        var live = new Dictionary<string, int>();
        var (asked, peakAsked) = (0L, 0L);
        foreach (var parts in Rows(Path.Combine(SharedData.Folder!, "alloc_streams", name + ".csv.gz")))
        {
            var size = Number(parts[2]);
            asked += parts[1] == "alloc" ? size : -size;
            peakAsked = Math.Max(peakAsked, asked);
            if (parts[1] == "alloc")
            {
                Assert.True(allocator.TryAllocate(Math.Max(1, size), out var block));
                live.Add(parts[3], block);
            }
            else
            {
                Assert.True(live.Remove(parts[3], out var block));
                allocator.Free(block);
            }
        }

        using var told = JsonDocument.Parse(File.ReadAllText(Path.Combine(SharedData.Folder!, "alloc_streams", name + ".json")));
        Assert.Equal(told.RootElement.GetProperty("peak_bytes").GetInt64(), peakAsked);
        Assert.InRange((double)allocator.PeakAllocated / peakAsked, 1, 1.05);
        Assert.InRange((double)allocator.PeakReserved / allocator.PeakAllocated, 1, 1.5);
    }

    private static IEnumerable<string[]> Rows(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split(',');
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
