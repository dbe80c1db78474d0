using System.Text;

namespace GpuWatch.Show;

/// <summary>Rows in aligned columns for a terminal. Cells are made inert: they may hold names that others chose.</summary>
/// <param name="headers">Those that begin with '>' are aligned to the right.</param>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<string[]> rows = [];

    public void Add(params string?[] cells) => rows.Add([.. cells.Select(cell => Core.Units.Plain.Text(cell ?? "-"))]);

    public void WriteTo(TextWriter output, string indent = "")
    {
        string[] titles = [.. headers.Select(header => header.TrimStart('>'))];
        int[] widths = [.. headers.Select((_, column) => Math.Max(titles[column].Length, rows.Select(row => row[column].Length).DefaultIfEmpty().Max()))];
        foreach (var row in rows.Prepend(titles))
        {
            output.Write(indent + Line(row, widths) + "\n");
        }
    }

    private string Line(string[] row, int[] widths)
    {
        var line = new StringBuilder();
        for (var column = 0; column < row.Length; column++)
        {
            _ = headers[column].StartsWith('>')
                ? line.Append(row[column].PadLeft(widths[column]))
                : line.Append(row[column].PadRight(widths[column]));
            line.Append("  ");
        }
        return line.ToString().TrimEnd();
    }
}
