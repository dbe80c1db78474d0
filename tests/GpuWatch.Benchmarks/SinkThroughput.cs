using System.Diagnostics;
using System.Globalization;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Sampling;
using GpuWatch.Sinks;
using GpuWatch.Store.Influx;
using GpuWatch.Store.LineProtocol;
using GpuWatch.Store.Spool;

namespace GpuWatch.Benchmarks;

/// <summary>
/// The sink against a bare loop that posts ready-made batches to the same server, in turns in one run: `sink URL [api] [points]`.
/// Goal: at least 80 % of the bare loop. Needs a server that may be written to.
/// </summary>
internal static class SinkThroughput
{
    private const int Processes = 99;
    private const int Rounds = 9;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(string[] args)
    {
        var options = new InfluxOptions { Url = new(args[0]), Api = Enum.Parse<InfluxApi>(args.ElementAtOrDefault(1) ?? "V1"), Queue = 1 << 20 };
        var sweeps = int.Parse(args.ElementAtOrDefault(2) ?? "300000", CultureInfo.InvariantCulture) / (Processes + 1);
        await SinkAsync(options, sweeps / 10, -1);
        await BareAsync(options, sweeps / 10, -2);
        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            // Each first in every other round: what the machine's other work does to one, it does to the other.
            var bareFirst = round % 2 == 0 ? await BareAsync(options, sweeps, 2 * round) : 0;
            var sink = await SinkAsync(options, sweeps, (2 * round) + 1);
            var bare = round % 2 == 0 ? bareFirst : await BareAsync(options, sweeps, 2 * round);
            ratios.Add(sink / bare);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: bare {bare:0} points/s, sink {sink:0} points/s, {sink / bare:0%}"));
        }
        ratios.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sink against bare loop: median {ratios[Rounds / 2]:0%}, least {ratios[0]:0%}, most {ratios[^1]:0%} of {Rounds} rounds"));
    }

    /// <summary>From the first sweep given to the last point taken: queue, encoding, compression and sending.</summary>
    private static async Task<double> SinkAsync(InfluxOptions options, int sweeps, int round)
    {
        var counters = new SinkCounters("influxdb");
        await using var sink = new InfluxSink(options with { FlushEvery = TimeSpan.FromMilliseconds(10) }, Names, counters, Console.Error.WriteLine, TimeProvider.System);
        var made = Sweeps(sweeps, round).ToList();
        var watch = Stopwatch.StartNew();
        foreach (var sweep in made)
        {
            sink.Accept(sweep);
        }
        while (counters.Written + counters.Dropped + counters.Rejected < (long)sweeps * (Processes + 1))
        {
            if (watch.Elapsed > Patience)
            {
                throw new TimeoutException($"{counters.Written} points were taken within {Patience}: {counters.Problem}");
            }
            await Task.Delay(1);
        }
        return counters.Dropped + counters.Rejected > 0
            ? throw new InvalidOperationException("points were lost")
            : counters.Written / watch.Elapsed.TotalSeconds;
    }

    /// <summary>The batches are encoded and compressed before the clock starts.</summary>
    private static async Task<double> BareAsync(InfluxOptions options, int sweeps, int round)
    {
        using var client = new InfluxClient(options, TimeProvider.System);
        var line = new LineWriter();
        var points = new InfluxPoints(line, Names);
        var batches = new List<Batch>();
        foreach (var sweep in Sweeps(sweeps, round))
        {
            points.Append(sweep);
            if (line.Lines >= options.BatchPoints)
            {
                batches.Add(new(0, line.Lines, Gzip.Compress(line.Written)));
                line.Clear();
            }
        }
        var watch = Stopwatch.StartNew();
        foreach (var batch in batches)
        {
            if (await client.SendAsync(batch, default) is { Outcome: not Outcome.Stored } answer)
            {
                throw new InvalidOperationException(answer.Reason);
            }
        }
        return batches.Sum(batch => batch.Points) / watch.Elapsed.TotalSeconds;
    }

    private static PointNames Names => new("node-17", _ => null, process => new ProcessFacts(process.Pid!.Value, Name: "python"), (_, _) => null);

    /// <summary>Each round in a span of time of its own, so that no point is written twice.</summary>
    private static IEnumerable<Sweep> Sweeps(int count, int round) => Enumerable.Range(0, count).Select(i =>
    {
        var time = 1_700_000_000 + (round * 10_000.0) + (i * 0.1);
        return new Sweep(time, [GpuOutcome.Of(new GpuFrame(time, 0, Bytes.FromGiB(80), Bytes.FromGiB(60), null, null,
            [.. Enumerable.Range(1000, Processes).Select(pid => new ProcessReading(pid, new Bytes(68_719_476_736 + i)))]))]);
    });
}
