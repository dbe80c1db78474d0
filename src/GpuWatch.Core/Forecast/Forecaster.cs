using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Forecast;

/// <summary>From what has been seen and what is planned to the outlook: each rule names its threat, the outlook joins them.</summary>
public static class Forecaster
{
    private const int Rules = 12;
    /// <summary>What comes less often lies beyond the 90 % interval of the peak.</summary>
    private const double UpperTail = 0.05;

    public static Outlook Look(ProcessSeries series, Reconciler reconciler, Trade? trade, Constants constants, bool isDevice)
    {
        var plan = reconciler.Plan;
        Span<Threat> threats = stackalloc Threat[Rules];
        var count = 0;
        if (isDevice)
        {
            Add(ref count, threats, RampThreat.Of(series, constants));
            Add(ref count, threats, GrowthThreat.OfDevice(series, reconciler, constants));
        }
        else
        {
            Add(ref count, threats, plan is null ? UndeclaredThreat.Of(series, trade, constants) : StructureThreat.Of(series, reconciler, constants));
            Add(ref count, threats, GrowthThreat.OfRhythm(series, reconciler, constants));
            Add(ref count, threats, GrowthThreat.OfLiveRhythm(series, constants));
            Add(ref count, threats, GrowthThreat.OfRecords(series, reconciler, constants));
            Add(ref count, threats, GrowthThreat.OfFloor(series, reconciler, constants));
            Add(ref count, threats, GatheringThreat.Of(series, reconciler, constants));
            Add(ref count, threats, GrowthThreat.OfRamp(series, reconciler, constants));
            Add(ref count, threats, GrowthThreat.OfTrend(series, reconciler, constants));
            Add(ref count, threats, NeighbourThreat.Of(series, reconciler, constants));
            Add(ref count, threats, FullThreat.Of(series, reconciler, trade));
            Add(ref count, threats, WallThreat.Of(series, reconciler, constants));
        }
        return Outlook.Of(threats[..count], isDevice ? default : UnseenThreat.Of(series, plan is not null, trade, constants), Peak(series, plan, threats[..count]), series.Capacity);
    }

    private static void Add(ref int count, Span<Threat> threats, Threat? threat)
    {
        if (threat is { } real)
        {
            threats[count++] = real;
        }
    }

    private static ByteRange Peak(ProcessSeries series, Plan? plan, ReadOnlySpan<Threat> threats)
    {
        var (low, likely, high) = (series.HighWater, series.HighWater, series.HighWater);
        if (plan is not null)
        {
            var context = StructureThreat.ContextOf(series, plan);
            likely = Bytes.Max(likely, plan.PeakReserved.Likely + context);
            high = Bytes.Max(high, plan.PeakReserved.High + context);
        }
        foreach (var threat in threats)
        {
            var asked = series.Used + threat.Missing;
            likely = threat.Probability >= 0.5 ? Bytes.Max(likely, asked) : likely;
            high = threat.Probability >= UpperTail ? Bytes.Max(high, asked) : high;
        }
        return new ByteRange(low, likely, Bytes.Max(high, likely));
    }
}
