using System.Diagnostics;

namespace GpuWatch.Tests.Support;

/// <summary>For tests against real servers, whose time is not ours: looks again until it holds, and fails after the limit.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan limit, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < limit, $"not within {limit.TotalSeconds} s: {what}");
            await Task.Delay(20);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, double seconds, string what) =>
        HoldsAsync(() => Task.FromResult(condition()), TimeSpan.FromSeconds(seconds), what);
}
