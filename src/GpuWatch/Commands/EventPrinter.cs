using GpuWatch.Core.Sample;
using GpuWatch.Show;

namespace GpuWatch.Commands;

/// <summary>Prints events one a line: for programs (CONTRACTS 5) or for people.</summary>
internal sealed class EventPrinter(TextWriter output, bool json)
{
    public void Print(WatchEvent happened) => output.Write((json ? EventJson.Line(happened) : EventText.Line(happened)) + "\n");
}
