namespace GpuWatch.Commands;

/// <summary>Documents one after the other as one JSON array, an element a line, as they come; whoever stops early still leaves an array behind.</summary>
internal sealed class JsonList(TextWriter output) : IDisposable
{
    private readonly StringWriter element = new() { NewLine = "\n" };
    private bool isBegun;

    /// <summary>Takes the next element, and its line's end.</summary>
    public TextWriter Element => element;

    public void EndElement()
    {
        output.Write(isBegun ? ",\n" : "[\n");
        output.Write(element.GetStringBuilder().ToString().TrimEnd('\n'));
        element.GetStringBuilder().Clear();
        isBegun = true;
    }

    public void Dispose() => output.WriteLine(isBegun ? "\n]" : "[]");
}
