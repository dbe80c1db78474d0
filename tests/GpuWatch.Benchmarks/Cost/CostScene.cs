using System.Globalization;
using System.Text;

namespace GpuWatch.Benchmarks.Cost;

/// <summary>A node in steady state: some GPUs, some processes on each, nothing that moves after the first seconds.</summary>
internal sealed record CostScene(string Name, int Gpus, int ProcessesEach, string Period, double BudgetCpuSecondsPerMinute)
{
    /// <summary>The two scenes in which the other monitors were measured (64 processes a GPU is the widest node one meets), the fastest sampling, and a usual node.</summary>
    public static IReadOnlyList<CostScene> All { get; } =
    [
        new("2 GPUs x 3 at 1 Hz", 2, 3, "1s", 0.3),
        new("8 GPUs x 64 at 1 Hz", 8, 64, "1s", 0.6),
        new("2 GPUs x 3 at 10 Hz", 2, 3, "100ms", 1.0),
        new("8 GPUs x 8 at 1 Hz", 8, 8, "1s", 0.6),
    ];

    /// <summary>In the simulator's own format.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        for (var gpu = 0; gpu < Gpus; gpu++)
        {
            text.Append(CultureInfo.InvariantCulture, $"gpu {gpu} total=80GiB reserved=600MiB base=14MiB name=\"NVIDIA A100-SXM4-80GB\"\n");
        }
        for (var process = 0; process < Gpus * ProcessesEach; process++)
        {
            text.Append(CultureInfo.InvariantCulture, $"job {3_000_000 + process} gpu={process / ProcessesEach} start=0 name=\"python train.py\"\n");
            text.Append(CultureInfo.InvariantCulture, $"  at 0 300MiB\n  at 1 500MiB\n  at 2 900MiB\n  at 2.5 1000MiB\n  at 4 {1010 + process % 7}MiB\n");
        }
        return text.ToString();
    }
}
