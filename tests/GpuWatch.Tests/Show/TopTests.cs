using GpuWatch.Show.Top;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Show;

public sealed class TopTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void A_screenful_tells_what_is_wrong_first_and_then_who_holds_what() =>
        GoldenFile.Matches("top.txt", string.Concat(Frame(100, 30).Select(line => $"{line.Tint,-8} |{line.Text}\n")));

    [Fact]
    public void It_never_exceeds_the_window_and_says_what_is_left_out()
    {
        var lines = Frame(columns: 20, rows: 4);

        Assert.Equal(4, lines.Count);
        Assert.All(lines, line => Assert.InRange(line.Text.Length, 0, 20));
        Assert.StartsWith("… and", lines[^1].Text);
    }

    [Fact]
    public void A_window_without_rows_shows_nothing_and_breaks_nothing() => Assert.NotNull(Frame(columns: 0, rows: 0));

    [Fact]
    public async Task The_terminal_is_left_as_it_was_when_q_is_pressed()
    {
        var output = new StringWriter();
        var quit = new TaskCompletionSource();
        await using (var screen = new TopScreen(SomeState.Node(time), new Terminal(output, () => (80, 24), () => 'q'), () => "", hasColours: false, quit.SetResult, time))
        {
            await quit.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }

        var drawn = output.ToString();
        Assert.StartsWith("\u001b[?1049h", drawn);
        Assert.EndsWith("\u001b[?1049l", drawn);
        Assert.Contains("NVIDIA A100 80GB", drawn);
        Assert.DoesNotContain("\u001b[31m", drawn);
    }

    private IReadOnlyList<TopLine> Frame(int columns, int rows) =>
        SomeState.Node(time).Read(present => TopFrame.Of(present, "gpuwatch: the library is the simulator", columns, rows));
}
