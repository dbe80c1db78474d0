using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Store.LineProtocol;

namespace GpuWatch.Tests.Support;

/// <summary>A point of line protocol as a value: tags in ordinal order of key, fields are long, double, bool or string.</summary>
internal sealed record SomePoint(string Measurement, SortedDictionary<string, string> Tags, SortedDictionary<string, object> Fields, long Time)
{
    private static readonly Gen<string> Text =
        Gen.Elements("ab,c =\"\\é中🙂#\n\t_1/".EnumerateRunes().Select(rune => rune.ToString()).ToArray())
            .ArrayOf().Select(parts => string.Concat(parts));

    public static Arbitrary<SomePoint> Arbitrary { get; } = Arb.From(
        from measurement in Text
        from tags in Pairs(Text)
        from fields in Pairs(Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(value => (object)value),
            ArbMap.Default.GeneratorFor<double>().Select(value => (object)value),
            ArbMap.Default.GeneratorFor<bool>().Select(value => (object)value),
            Text.Select(value => (object)value)))
        from time in ArbMap.Default.GeneratorFor<long>()
        select new SomePoint(measurement, tags, fields, time));

    public bool AppendTo(LineWriter line)
    {
        line.Point(Measurement);
        foreach (var (key, value) in Tags)
        {
            line.Tag(key, value);
        }
        foreach (var (key, value) in Fields)
        {
            _ = value switch
            {
                long number => line.Field(key, number),
                double number => line.Field(key, number),
                bool flag => line.Field(key, flag),
                _ => line.Field(key, (string)value),
            };
        }
        return line.End(Time);
    }

    /// <summary>What a reader must get: names without control characters and swallowing backslashes, without what cannot be said.</summary>
    public SomePoint Cleaned() => new(
        Name(Measurement),
        new(Tags.Where(tag => tag.Key is not ("" or "time") && tag.Value != "")
            .GroupBy(tag => Name(tag.Key)).ToDictionary(group => group.Key, group => TagValue(group.Last().Value)), StringComparer.Ordinal),
        new(Measurement is "" || Measurement[0] == '#' ? new Dictionary<string, object>() : Fields.Where(field => field.Key is not ("" or "time") && field.Value is not double.NaN && !(field.Value is double number && double.IsInfinity(number)))
            .GroupBy(field => Name(field.Key)).ToDictionary(group => group.Key, group => group.Last().Value), StringComparer.Ordinal),
        Time);

    public override string ToString() =>
        $"'{Measurement}' {string.Join(' ', Tags.Select(tag => $"['{tag.Key}'='{tag.Value}']"))} {string.Join(' ', Fields.Select(field => $"['{field.Key}'={field.Value.GetType().Name} '{field.Value}']"))} {Time}";

    private static string Name(string text) => string.Concat(text.Select(one => char.IsControl(one) ? ' ' : one == '\\' ? '/' : one));

    private static string TagValue(string text) =>
        string.Concat(text.Select((one, at) => char.IsControl(one) ? ' ' : one == '\\' && IsMisreadBefore(text[(at + 1)..]) ? '/' : one));

    private static bool IsMisreadBefore(string rest) => rest.Length == 0 || rest[0] is ',' or '=' or ' ' or '\\' || char.IsControl(rest[0]);

    private static Gen<SortedDictionary<string, T>> Pairs<T>(Gen<T> values) =>
        Text.Zip(values).ArrayOf().Select(pairs => new SortedDictionary<string, T>(
            pairs.GroupBy(pair => pair.Item1).ToDictionary(group => group.Key, group => group.First().Item2), StringComparer.Ordinal));
}
