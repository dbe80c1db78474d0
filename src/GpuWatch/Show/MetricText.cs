using System.Buffers.Text;
using System.Text;

namespace GpuWatch.Show;

/// <summary>Prometheus text format 0.0.4: families in turn, each with its help and type, then its samples.</summary>
internal sealed class MetricText(Stream output)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly byte[] number = new byte[32];
    private string family = "";

    public void Family(string name, string type, string help)
    {
        family = name;
        Text("# HELP ");
        Text(name);
        Text(" ");
        Text(help);
        Text("\n# TYPE ");
        Text(name);
        Text(" ");
        Text(type);
        Text("\n");
    }

    /// <summary>A sample of the current family. Labels with a null value are left out.</summary>
    public void Sample(double value, params ReadOnlySpan<(string Name, string? Value)> labels) => Sample("", value, labels);

    /// <param name="suffix">"_bucket", "_sum" or "_count" of a histogram.</param>
    public void Sample(string suffix, double value, params ReadOnlySpan<(string Name, string? Value)> labels)
    {
        Text(family);
        Text(suffix);
        var separator = "{";
        foreach (var (name, text) in labels)
        {
            if (text is null)
            {
                continue;
            }
            Text(separator);
            Text(name);
            Text("=\"");
            Label(text);
            Text("\"");
            separator = ",";
        }
        Text(separator == "," ? "} " : " ");
        Number(value);
        Text("\n");
    }

    private void Number(double value)
    {
        if (!double.IsFinite(value))
        {
            Text(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        }
        else if (value == Math.Floor(value) && Math.Abs(value) < 1e15 && Utf8Formatter.TryFormat((long)value, number, out var length)
            || Utf8Formatter.TryFormat(value, number, out length))
        {
            output.Write(number, 0, length);
        }
    }

    private void Label(string text)
    {
        if (text.AsSpan().IndexOfAny('\\', '"', '\n') >= 0)
        {
            text = text.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
        }
        Text(text);
    }

    private void Text(string text)
    {
        Span<byte> small = stackalloc byte[256];
        if (text.Length <= 80)
        {
            output.Write(small[..Encoding.UTF8.GetBytes(text, small)]);
        }
        else
        {
            output.Write(Encoding.UTF8.GetBytes(text));
        }
    }
}
