using System.Text;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>Reads comma-separated records one by one (RFC 4180: fields may be quoted, quotes doubled, lines broken inside quotes).</summary>
internal sealed class CsvReader(TextReader reader, string path)
{
    private const int LongestField = 1 << 20;
    private readonly StringBuilder field = new();
    private readonly List<string> fields = [];

    /// <summary>Line on which the record that was read last begins, from 1.</summary>
    public int Line { get; private set; }

    private int nextLine = 1;

    /// <returns>The fields of the next record that is not blank, valid until the next call; null at the end.</returns>
    /// <exception cref="BadInputException">A quote is not closed, or a field is longer than 1 Mi characters.</exception>
    public List<string>? Read()
    {
        while (ReadRecord())
        {
            if (fields.Count > 1 || fields[0].Length > 0)
            {
                return fields;
            }
        }
        return null;
    }

    private bool ReadRecord()
    {
        fields.Clear();
        field.Clear();
        Line = nextLine;
        if (reader.Peek() < 0)
        {
            return false;
        }
        var quoted = false;
        while (true)
        {
            var next = reader.Read();
            if (quoted)
            {
                quoted = TakeQuoted(next);
            }
            else if (next is '"' && field.Length == 0)
            {
                quoted = true;
            }
            else if (next is ',')
            {
                EndField();
            }
            else if (next is '\n' or < 0)
            {
                nextLine++;
                EndField();
                return true;
            }
            else if (next is not '\r' || reader.Peek() is not '\n')
            {
                Take((char)next);
            }
        }
    }

    /// <returns>Whether the quotes are still open.</returns>
    private bool TakeQuoted(int next)
    {
        if (next < 0)
        {
            throw new BadInputException($"{path}:{Line}", "a quote is not closed", "expected CSV as in RFC 4180");
        }
        if (next is '"')
        {
            if (reader.Peek() is not '"')
            {
                return false;
            }
            reader.Read();
        }
        nextLine += next is '\n' ? 1 : 0;
        Take((char)next);
        return true;
    }

    private void Take(char letter)
    {
        field.Append(letter);
        if (field.Length > LongestField)
        {
            throw new BadInputException($"{path}:{Line}", "a field is longer than 1,048,576 characters", "expected CSV text");
        }
    }

    private void EndField()
    {
        fields.Add(field.ToString());
        field.Clear();
    }
}
