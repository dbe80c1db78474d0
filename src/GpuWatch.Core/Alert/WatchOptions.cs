using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;

namespace GpuWatch.Core.Alert;

/// <summary>How the folds weigh and repeat what they say.</summary>
public sealed record WatchOptions
{
    /// <summary>What a run that dies unwarned costs, in any unit. Default 1.</summary>
    public double MissCost { get; init; } = 1;
    /// <summary>What a page for a run that lives costs, in the same unit: a person's trust. Default 2.</summary>
    public double FalseAlarmCost { get; init; } = 2;
    /// <summary>Seconds of trace time between forecasts. Default 10.</summary>
    public double ForecastEverySeconds { get; init; } = 10;
    /// <summary>An alert ends when its probability has stayed below this share of its threshold. Default 0.5.</summary>
    public double ResolveShare { get; init; } = 0.5;
    /// <summary>… for this many seconds. Default 15.</summary>
    public double ResolveAfterSeconds { get; init; } = 15;

    /// <summary>What declared jobs are estimated by; null for the shipped profile.</summary>
    public Profile? Profile { get; init; }

    /// <summary>What the threats know of the world.</summary>
    public Constants Constants { get; init; } = Constants.Shipped;

    public static WatchOptions Default { get; } = new();

    /// <summary>Probability above which staying silent costs more than paging.</summary>
    public double CriticalProbability => FalseAlarmCost / (MissCost + FalseAlarmCost);
    /// <summary>Half the odds of a page.</summary>
    public double WarningProbability => FalseAlarmCost / (2 * MissCost + FalseAlarmCost);
}
