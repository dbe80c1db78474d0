using System.Diagnostics;

namespace GpuWatch.Tests.Support;

/// <summary>For tests against real servers, whose time is not ours: looks again until it holds, and fails after the limit.</summary>
internal static class Eventually
{
    public static Task HoldsAsync(Func<Task<bool>> condition, TimeSpan limit, string what) => HoldsAsync(condition, limit, () => what);

    /// <param name="what">Asked when it failed, so that it can tell what had come by then.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> what)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < limit, $"not within {limit.TotalSeconds} s: {(watch.Elapsed < limit ? "" : what())}");
            await Task.Delay(20);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, double seconds, Func<string> what) =>
        HoldsAsync(() => Task.FromResult(condition()), TimeSpan.FromSeconds(seconds), what);

    public static Task HoldsAsync(Func<bool> condition, double seconds, string what) =>
        HoldsAsync(() => Task.FromResult(condition()), TimeSpan.FromSeconds(seconds), what);
}
