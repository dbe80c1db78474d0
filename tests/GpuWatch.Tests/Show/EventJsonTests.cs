using System.Collections.Immutable;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Forecast;
using GpuWatch.Core.Observe;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Show;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show;

public sealed class EventJsonTests
{
    private static readonly ByComponent<Bytes> Parts = new(
        new Bytes(1), new Bytes(2), new Bytes(3), new Bytes(4), new Bytes(5), new Bytes(6), new Bytes(7), new Bytes(8), new Bytes(9), new Bytes(10));

    [Fact]
    public void Every_kind_of_event_is_the_line_the_contract_says()
    {
        WatchEvent[] events =
        [
            new PhaseChanged(0, 0, 4242, JobPhase.Loading),
            new PhaseChanged(1.5, 0, 4242, JobPhase.FirstStep),
            new ForecastMade(10, 0, 4242, 0.25, 0.5, new ByteRange(new Bytes(10), new Bytes(20), new Bytes(30))),
            new AlertRaised(12.25, 1, null, Some(AlertKind.OomRisk, "Memory runs out in 8 s.")),
            new AlertResolved(99, 1, null, Unknown(AlertKind.EstimateMismatch)),
            new Reconciled(100, 0, 4242, new Bytes(55), new Bytes(55), Some(Parts), Parts,
                new Bridge(new Bytes(50), new Bytes(3), new Bytes(2), new Bytes(55)), "The estimate held.") { Posterior = Some(Parts), Unexplained = new Bytes(7) },
            new Reconciled(1732364609.951, 1, null, new Bytes(55), null, null, null,
                new Bridge(new Bytes(50), null, null, new Bytes(55)), null),
        ];

        GoldenFile.Matches("events.ndjson", string.Concat(events.Select(happened => EventJson.Line(happened) + "\n")));
    }

    [Fact]
    public void Each_kind_severity_and_phase_has_a_name_of_its_own()
    {
        var kinds = Enum.GetValues<AlertKind>().Select(EventNames.Name).ToList();
        var severities = Enum.GetValues<Severity>().Select(EventNames.Name).ToList();
        var phases = Enum.GetValues<JobPhase>().Select(EventNames.Name).ToList();

        Assert.Equal(kinds.Distinct(), kinds);
        Assert.Equal(["info", "warning", "critical"], severities);
        Assert.Equal(phases.Distinct(), phases);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_json_cannot_say_is_null(double value)
    {
        var alert = Some(AlertKind.Leak, "") with { Probability = value, Evidence = ImmutableSortedDictionary<string, double>.Empty.Add("x", value) };

        var line = JsonDocument.Parse(EventJson.Line(new AlertRaised(0, 0, 1, alert))).RootElement;

        Assert.Equal(JsonValueKind.Null, line.GetProperty("probability").ValueKind);
        Assert.Equal(JsonValueKind.Null, line.GetProperty("evidence").GetProperty("x").ValueKind);
    }

    [Fact]
    public void Any_reason_stays_one_line_of_ascii_and_reads_back_unless_it_was_no_text() =>
        Prop.ForAll<string?>(text =>
        {
            var reason = text ?? "";
            var line = EventJson.Line(new AlertRaised(0, 0, 1, Some(AlertKind.Leak, reason)));
            var back = JsonDocument.Parse(line).RootElement.GetProperty("reason").GetString();
            return line.All(letter => letter is >= ' ' and <= '~') && (back == reason || reason.Any(char.IsSurrogate));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Half_a_surrogate_pair_does_not_stop_the_line() =>
        Assert.Contains("FFFD", EventJson.Line(new AlertRaised(0, 0, 1, Some(AlertKind.Leak, "a\ud800b"))), StringComparison.OrdinalIgnoreCase);

    /// <summary>Seen as planned, give or take one; logits could not be told.</summary>
    private static ByComponent<ByteRange?> Some(ByComponent<Bytes> parts) => ByComponent<ByteRange?>.Of(part =>
        part == Component.Logits ? null : new ByteRange(parts[part] - new Bytes(1), parts[part], parts[part] + new Bytes(1)));

    private static Core.Alert.Alert Some(AlertKind kind, string reason) => new(
        kind, Severity.Critical, 0.875, 8, 5.5, 12, new Bytes(90), new Bytes(80), reason,
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("slope_mib_s", 64.5), KeyValuePair.Create("free_mib", 512d)]));

    private static Core.Alert.Alert Unknown(AlertKind kind) => new(
        kind, Severity.Info, null, null, null, null, null, null, "It is as declared.", ImmutableSortedDictionary<string, double>.Empty);
}
