using GpuWatch.Core.Allocator.Snapshots;
using GpuWatch.Core.Units;
using static GpuWatch.Commands.SnapshotTable;

namespace GpuWatch.Commands;

/// <summary>What other settings of PYTORCH_CUDA_ALLOC_CONF would have reserved, the best first, and how far that can be trusted.</summary>
internal static class SnapshotSettingsTable
{
    public static void Write(SnapshotReport report, RecordedSettings settings, TextWriter output)
    {
        if (report.WhatIf.Count == 0)
        {
            return;
        }
        var label = "peak reserved";
        var best = report.WhatIf.Where(row => !IsRecorded(row)).GroupBy(row => row.Setting.Split(':')[0]).Select(kind => kind.MinBy(row => row.PeakReserved)!);
        foreach (var row in report.WhatIf.Where(IsRecorded).Concat(best.OrderBy(row => row.PeakReserved)))
        {
            Line(output, label, Text($"{row.PeakReserved / (double)Bytes.MiBCount,7:0} MiB  {row.Setting}{Told(row)}"));
            label = "";
        }
        if (!report.IsWhole)
        {
            Line(output, "but", "the history begins late: what lived then is packed anew in all rows but the first, and a setting is held against the second");
        }
        if (!settings.Told)
        {
            Line(output, "but", "the version does not tell its settings; the defaults are assumed");
        }
        if (settings.NotPlayed is { } unknown)
        {
            Line(output, "but", $"it was recorded with {unknown}, which is not played");
        }
        if (report.ModelPeakReserved is { } model && model != report.WhatIf[0].PeakReserved)
        {
            Line(output, "but", Text($"the model reserves {Size(model)} with the recorded settings, so it is {Size(Math.Abs(model - report.WhatIf[0].PeakReserved))} off"));
        }
        if (report.Unmatched > 0)
        {
            Line(output, "but", Text($"{report.Unmatched} events of the history contradict others"));
        }
    }

    private static bool IsRecorded(WhatIf row) => row.Setting is WhatIf.AsRecorded or WhatIf.LaidOutAnew;

    private static string Told(WhatIf row) => IsRecorded(row) ? "" : row.ByItself switch
    {
        0 => ": changes nothing",
        > 0 => $": saves {Size(row.ByItself)}",
        _ => $": costs {Size(-row.ByItself)}",
    };
}
