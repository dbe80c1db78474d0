using GpuWatch.Core.Alert;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Alert;

/// <summary>The sentences of a closing account, and of the alerts about what was declared.</summary>
public sealed class JudgementTests
{
    [Fact]
    public void What_runs_as_declared_is_said_to() =>
        Assert.StartsWith("As declared:", Words(DeclaredRun.Job, DeclaredRun.Job), StringComparison.Ordinal);

    [Fact]
    public void What_grows_beyond_its_declaration_is_not_said_to_run_as_declared() =>
        Assert.Matches("^Of .* held, .* were planned\\.", DeclaredRun.Account(DeclaredRun.Job, DeclaredRun.Job, withTorch: false, leakGiB: 0.5).Judgement!);

    [Fact]
    public void A_leak_that_stood_to_the_end_is_named() =>
        Assert.Contains("leak", DeclaredRun.Account(DeclaredRun.Job, DeclaredRun.Job, withTorch: true, leakGiB: 0.05).Judgement!, StringComparison.Ordinal);

    [Fact]
    public void A_wrong_declaration_is_named_with_what_it_would_have_needed()
    {
        var words = Words(DeclaredRun.Job with { Attention = "eager" }, DeclaredRun.Job);
        Assert.Contains("as if with attention eager instead of flash", words, StringComparison.Ordinal);
        Assert.Contains("that needs", words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_peak_that_has_not_come_is_said_so() =>
        Assert.StartsWith("The planned peak of", Words(DeclaredRun.Job, DeclaredRun.Job with { SeqLen = 2048 }), StringComparison.Ordinal);

    [Fact]
    public void Weights_of_another_width_are_told_with_both_sizes()
    {
        var mismatch = Assert.Single(Raised(DeclaredRun.Job, DeclaredRun.Job with { WeightDtype = "fp32" }), alert => alert.Kind == AlertKind.EstimateMismatch);
        Assert.StartsWith("Loaded ", mismatch.Reason, StringComparison.Ordinal);
        Assert.Equal(2, mismatch.Evidence["planned_bytes"] / mismatch.Evidence["seen_bytes"], 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Weights_of_the_declared_width_are_not(bool withTorch) =>
        Assert.DoesNotContain(Raised(DeclaredRun.Job, DeclaredRun.Job, withTorch), alert => alert.Kind == AlertKind.EstimateMismatch);

    [Fact]
    public void A_cache_in_pieces_is_told_with_what_was_ever_live()
    {
        var fragmented = Assert.Single(AtTheWall(liveGiB: 9), alert => alert.Kind == AlertKind.Fragmentation);
        Assert.Contains("Of 15.5 GiB reserved at most 9.0 GiB were ever live", fragmented.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cache_that_is_live_is_not_in_pieces() =>
        Assert.DoesNotContain(AtTheWall(liveGiB: 13.9), alert => alert.Kind == AlertKind.Fragmentation);

    private static string Words(Job real, Job declared) => DeclaredRun.Account(real, declared).Judgement!;

    private static IEnumerable<Core.Alert.Alert> Raised(Job real, Job declared, bool withTorch = true) =>
        DeclaredRun.Told(real, declared, withTorch).OfType<AlertRaised>().Select(raised => raised.Alert);

    /// <summary>A job fills the card to 16 GiB and has to give back a little of its cache.</summary>
    private static IEnumerable<Core.Alert.Alert> AtTheWall(double liveGiB)
    {
        var events = new List<WatchEvent>();
        var watch = new DeviceWatch(0, _ => (Job?)null);
        for (var t = 0; t < 60; t++)
        {
            var reserved = t < 2 ? 0 : t < 6 ? 2 : t < 40 ? 15.5 : 14.1;
            var used = Bytes.FromGiB(0.4 + reserved);
            var live = Bytes.FromGiB(Math.Min(reserved, t % 2 == 0 ? liveGiB : 5));
            watch.Observe(new GpuFrame(t, 0, Bytes.FromGiB(16), used, null, null, [new(7, used, live, Bytes.FromGiB(reserved))]), events);
        }
        return events.OfType<AlertRaised>().Select(raised => raised.Alert);
    }
}
