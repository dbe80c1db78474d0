using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GpuWatch.Commands;

/// <summary>One JSON document on a line of its own, or indented for a person.</summary>
internal static class JsonText
{
    public static void Write(TextWriter output, bool indented, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, Options(indented)))
        {
            write(json);
        }
        output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    /// <summary>Control characters are escaped, other text stays readable: the output is no HTML.</summary>
    public static JsonWriterOptions Options(bool indented) =>
        new() { Indented = indented, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
