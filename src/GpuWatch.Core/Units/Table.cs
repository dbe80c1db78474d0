using System.Globalization;

namespace GpuWatch.Core.Units;

/// <summary>The data files embedded beside this code: a header, then rows; fields hold neither commas nor quotes.</summary>
internal static class Table
{
    /// <param name="beside">A type of the folder the file is in.</param>
    public static IEnumerable<Row> Read(Type beside, string name)
    {
        using var resource = beside.Assembly.GetManifestResourceStream(beside, name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(resource);
        var columns = reader.ReadLine()!.Split(',');
        while (reader.ReadLine() is { } line)
        {
            yield return new Row(columns, line.Split(','));
        }
    }

    internal readonly struct Row(string[] columns, string[] fields)
    {
        public string this[string column] => fields[Array.IndexOf(columns, column)];

        public int? Count(string column) =>
            this[column] is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

        public double? Number(string column) =>
            this[column] is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
    }
}
