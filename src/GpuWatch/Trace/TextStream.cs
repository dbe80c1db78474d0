using System.Text;
using GpuWatch.Core.Units;

namespace GpuWatch.Trace;

/// <summary>A text file as UTF-8 without its byte order mark, whatever Unicode encoding it was written in.</summary>
internal static class TextStream
{
    /// <exception cref="BadInputException">The file cannot be opened, is empty or is no text.</exception>
    public static Stream Open(string file)
    {
        var stream = new HeadStream(OpenFile(file));
        try
        {
            var encoding = Sniff(stream.Head, file);
            var text = encoding is UTF8Encoding ? (Stream)stream : Encoding.CreateTranscodingStream(stream, encoding, new UTF8Encoding(false));
            SkipMark(stream, encoding);
            return text;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static FileStream OpenFile(string file)
    {
        try
        {
            return Directory.Exists(file)
                ? throw new BadInputException(file, "is a folder", "expected a recording or an nvidia-smi log")
                : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadInputException(file, "there is no such file", "expected a recording or an nvidia-smi log");
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new BadInputException(file, "the file cannot be read", "expected one this user may read");
        }
    }

    private static Encoding Sniff(ReadOnlySpan<byte> head, string file)
    {
        if (head.IsEmpty)
        {
            throw new BadInputException($"{file}:1", "the file is empty", "expected a recording or an nvidia-smi log");
        }
        var encoding =
            head.StartsWith<byte>([0xFF, 0xFE]) ? Encoding.Unicode :
            head.StartsWith<byte>([0xFE, 0xFF]) ? Encoding.BigEndianUnicode :
            head.Length >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0 ? Encoding.Unicode :
            head.Length >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0 ? Encoding.BigEndianUnicode :
            Encoding.UTF8;
        if (encoding is UTF8Encoding && head.IndexOfAnyInRange((byte)0, (byte)8) is >= 0 and var at)
        {
            throw new BadInputException($"{file}:1", $"not text: byte {head[at]} at offset {at}", "expected CSV as UTF-8 or UTF-16");
        }
        return encoding;
    }

    private static void SkipMark(Stream stream, Encoding encoding)
    {
        var mark = encoding.Preamble;
        if (((HeadStream)stream).Head.StartsWith(mark))
        {
            Span<byte> skipped = stackalloc byte[mark.Length];
            stream.ReadExactly(skipped);
        }
    }
}
