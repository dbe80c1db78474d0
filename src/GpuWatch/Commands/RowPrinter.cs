using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.Data.Sqlite;

namespace GpuWatch.Commands;

/// <summary>Rows of the store for programs and people, as they come. A column named json is JSON already: an object, not a text.</summary>
internal static class RowPrinter
{
    private const string Ready = "json";

    public static void Print(SqliteDataReader rows, string output, Surroundings around)
    {
        var names = Enumerable.Range(0, rows.FieldCount).Select(rows.GetName).ToArray();
        switch (output)
        {
            case "csv":
                Each(rows, around, string.Join(',', names), row => string.Join(',', Array.ConvertAll(row, Csv)));
                break;
            case "json":
                JsonArray(rows, names, around);
                break;
            case "ndjson":
                Each(rows, around, null, row => Json(names, row));
                break;
            default:
                Each(rows, around, string.Join("  ", names.Select(name => name.PadLeft(Width(name)))), row => Table(names, row));
                break;
        }
    }

    private static void Each(SqliteDataReader rows, Surroundings around, string? header, Func<object?[], string> line)
    {
        if (header is not null)
        {
            around.Out.WriteLine(header);
        }
        var row = new object?[rows.FieldCount];
        while (!around.Stop.IsCancellationRequested && rows.Read())
        {
            Fill(rows, row);
            around.Out.WriteLine(line(row));
        }
    }

    private static void JsonArray(SqliteDataReader rows, string[] names, Surroundings around)
    {
        var between = "[";
        Each(rows, around, null, row =>
        {
            var line = between + Json(names, row);
            between = ",";
            return line;
        });
        around.Out.WriteLine(between == "[" ? "[]" : "]");
    }

    private static void Fill(SqliteDataReader rows, object?[] row)
    {
        for (var column = 0; column < row.Length; column++)
        {
            row[column] = rows.IsDBNull(column) ? null : rows.GetValue(column);
        }
    }

    private static string Csv(object? value)
    {
        var text = Text(value);
        return text.AsSpan().IndexOfAny(",\"\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Json(string[] names, object?[] row)
    {
        if (names is [Ready])
        {
            return Text(row[0]);
        }
        var line = new StringBuilder("{");
        for (var column = 0; column < row.Length; column++)
        {
            line.Append(column == 0 ? "\"" : ",\"").Append(names[column]).Append("\":").Append(Json(names[column], row[column]));
        }
        return line.Append('}').ToString();
    }

    private static string Json(string name, object? value) => value switch
    {
        null => "null",
        long flag when name == "exited" => flag == 0 ? "false" : "true",
        string text when name is not (Ready or "job") => $"\"{JavaScriptEncoder.Default.Encode(text)}\"",
        _ => Text(value),
    };

    private static string Table(string[] names, object?[] row) =>
        string.Join("  ", row.Select((value, column) => Text(value).PadLeft(Width(names[column]))));

    private static int Width(string name) => Math.Max(name.Length, name is "t" or "started_s" or "ended_s" ? 18 : 6);

    private static string Text(object? value) => value switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
