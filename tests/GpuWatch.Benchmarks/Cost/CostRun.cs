using System.Globalization;
using GpuWatch.Nvml;

namespace GpuWatch.Benchmarks.Cost;

/// <summary>
/// What the agent costs in steady state, beside a bare loop that only reads the same library: CPU seconds a minute, resident
/// memory and its growth, time to the first event. Store and HTTP are on, as a user would run it.
/// </summary>
/// <remarks>Run it as: dotnet run -c Release --project tests/GpuWatch.Benchmarks -- cost artifacts/gpuwatch [SECONDS, default 60]</remarks>
internal static class CostRun
{
    /// <summary>Long enough for the first steps to be over and for the runtime to have recompiled what runs often.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(90);

    public static int Run(string[] arguments)
    {
        var program = Path.GetFullPath(arguments[0]);
        var measured = TimeSpan.FromSeconds(arguments.Length > 1 ? double.Parse(arguments[1], CultureInfo.InvariantCulture) : 60);
        var library = Path.Combine(Above("artifacts"), "native", "libnvidia-ml.so.1");
        var folder = Directory.CreateTempSubdirectory("gpuwatch-cost").FullName;
        var children = CostScene.All.SelectMany((scene, index) =>
        {
            var home = Directory.CreateDirectory(Path.Combine(folder, index.ToString(CultureInfo.InvariantCulture))).FullName;
            var file = Path.Combine(home, "scene.scn");
            File.WriteAllText(file, scene.Text());
            string[] agent = ["agent", "--nvml", library, "--period", scene.Period, "--listen", "127.0.0.1:0", "--output", "ndjson"];
            return new[]
            {
                (Scene: scene, What: "bare loop", Child: new Watched(Environment.ProcessPath!, ["poll", library, scene.Period], file)),
                (Scene: scene, What: "agent", Child: new Watched(program, agent, file)),
            };
        }).ToList();
        try
        {
            // All at once, since each waits nearly all the time: what is read is the CPU time of each, not the clock.
            Thread.Sleep(Settling);
            var before = children.ConvertAll(child => (child.Child.CpuSeconds, child.Child.ResidentMegabytes));
            Thread.Sleep(measured);
            Console.WriteLine($"{"scene",-22} {"what",-10} {"CPU s/min",9} {"budget",7} {"first ms",9} {"RSS MB",7} {"after",7}");
            var within = true;
            foreach (var ((scene, what, child), (cpu, resident)) in children.Zip(before))
            {
                var perMinute = (child.CpuSeconds - cpu) * 60 / measured.TotalSeconds;
                var budget = what == "agent" ? scene.BudgetCpuSecondsPerMinute : double.NaN;
                within &= !(perMinute > budget);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{scene.Name,-22} {what,-10} {perMinute,9:0.00} {budget,7:0.0} {child.FirstLineMilliseconds,9:0} {resident,7:0.0} {child.ResidentMegabytes,7:0.0}"));
            }
            return within ? 0 : 1;
        }
        finally
        {
            children.ForEach(child => child.Child.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The floor: the same readings, and nothing done with them.</summary>
    public static int Poll(string[] arguments)
    {
        var source = NvmlGpuSource.Open(arguments[0]).Source!;
        var period = TimeSpan.FromSeconds(arguments[1] == "1s" ? 1 : 0.1);
        Console.WriteLine("reading");
        while (true)
        {
            foreach (var gpu in source.Gpus)
            {
                source.Read(gpu.Index, 0, withProcesses: true);
            }
            Thread.Sleep(period);
        }
    }

    private static string Above(string name)
    {
        var folder = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Combine(folder, name)))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException($"No folder above holds {name}.");
        }
        return Path.Combine(folder, name);
    }
}
