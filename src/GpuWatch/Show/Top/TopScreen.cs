using System.Text;

namespace GpuWatch.Show.Top;

/// <summary>The terminal a person looks at.</summary>
/// <param name="Size">Columns and rows, as they are now.</param>
/// <param name="Key">The key that was pressed since it was last asked for; null: none.</param>
internal sealed record Terminal(TextWriter Out, Func<(int Columns, int Rows)> Size, Func<char?> Key);

/// <summary>
/// Draws the present once a second, and leaves the terminal as it was. It only reads, in a loop of its own, so that a terminal
/// that stalls holds up nothing.
/// </summary>
internal sealed class TopScreen : IAsyncDisposable
{
    private const string Enter = "\u001b[?1049h\u001b[?25l";
    private const string Leave = "\u001b[?25h\u001b[?1049l";
    private const string Home = "\u001b[H", RestOfLine = "\u001b[K", RestOfScreen = "\u001b[J", Normal = "\u001b[0m";
    private const int LooksForKeys = 10;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly LiveState live;
    private readonly Terminal terminal;
    private readonly Func<string> note;
    private readonly bool hasColours;
    private readonly Action quit;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource closing = new();
    private readonly Task drawing;

    /// <param name="note">What there is to say beside the GPUs.</param>
    /// <param name="quit">Called when the user wants no more.</param>
    public TopScreen(LiveState live, Terminal terminal, Func<string> note, bool hasColours, Action quit, TimeProvider time)
    {
        (this.live, this.terminal, this.note, this.hasColours, this.quit, this.time) = (live, terminal, note, hasColours, quit, time);
        drawing = Task.Run(DrawAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await drawing.ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task DrawAsync()
    {
        terminal.Out.Write(Enter);
        try
        {
            while (!closing.IsCancellationRequested)
            {
                Draw();
                for (var looked = 0; looked < LooksForKeys && !closing.IsCancellationRequested; looked++)
                {
                    if (terminal.Key() is 'q' or 'Q')
                    {
                        quit();
                        return;
                    }
                    await Task.Delay(Look, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        finally
        {
            terminal.Out.Write(Leave);
            terminal.Out.Flush();
        }
    }

    private void Draw()
    {
        var (columns, rows) = terminal.Size();
        var lines = live.Read(present => TopFrame.Of(present, note(), columns, rows));
        var screen = new StringBuilder(Home);
        for (var i = 0; i < lines.Count; i++)
        {
            screen.Append(i > 0 ? "\r\n" : "").Append(Colour(lines[i].Tint)).Append(lines[i].Text).Append(hasColours ? Normal : "").Append(RestOfLine);
        }
        terminal.Out.Write(screen.Append(RestOfScreen).ToString());
        terminal.Out.Flush();
    }

    private string Colour(Tint tint) => !hasColours ? "" : tint switch
    {
        Tint.Strong => "\u001b[1m",
        Tint.Faint => "\u001b[2m",
        Tint.Warning => "\u001b[33m",
        Tint.Critical => "\u001b[1;31m",
        _ => "",
    };
}
