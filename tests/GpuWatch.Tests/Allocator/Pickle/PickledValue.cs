using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Allocator.Pickle;

namespace GpuWatch.Tests.Allocator.Pickle;

/// <summary>Values as Python writes them in a source, made at random and read back from a pickle.</summary>
internal static class PickledValue
{
    /// <summary>The source of a nested value: containers and primitives, with all sizes of numbers and texts.</summary>
    public static readonly Arbitrary<string> Literals = Gen.Sized(size => Nested(Math.Min(3, size / 10))).ToArbitrary();

    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.Constant("None"), Gen.Elements("True", "False"),
        Gen.Choose(-300, 70_000).Select(number => number.ToString(CultureInfo.InvariantCulture)),
        ArbMap.Default.GeneratorFor<long>().Select(number => number.ToString(CultureInfo.InvariantCulture)),
        Gen.Choose(-1_000_000, 1_000_000).Select(number => Real(number / 64.0)),
        Gen.Elements('a', '\\', '\'', '\n', 'é', '中', '\u0001', '"').ListOf().Select(letters => Text(string.Concat(letters))),
        Gen.Choose(200, 1200).Select(length => Text(new string('x', length))));

    private static Gen<string> Nested(int depth) => depth == 0 ? Leaf : Gen.OneOf(
        Leaf,
        Nested(depth - 1).ListOf().Select(items => $"[{string.Join(", ", items)}]"),
        Nested(depth - 1).ListOf().Select(items => $"({string.Concat(items.Select(item => item + ", "))})"),
        Nested(depth - 1).ListOf().Select(items => $"{{{string.Join(", ", items.Select((item, key) => $"{Text($"k{key}")}: {item}"))}}}"));

    /// <summary>The source of a value that was read.</summary>
    public static string Source(PickleValue value) => value switch
    {
        { IsNone: true } => "None",
        { Boolean: { } truth } => truth ? "True" : "False",
        { Integer: { } number } => number.ToString(CultureInfo.InvariantCulture),
        { Real: { } number } => Real(number),
        { Text: { } text } => Text(text),
        { List: { Kind: "a list" } list } => $"[{string.Join(", ", Items(list).Select(Source))}]",
        { List: { } tuple } => $"({string.Concat(Items(tuple).Select(item => Source(item) + ", "))})",
        { Dict: { } dict } => $"{{{string.Join(", ", Enumerable.Range(0, dict.Count).Select(at => $"{Source(dict[at].Key)}: {Source(dict[at].Value)}"))}}}",
        _ => value.Kind,
    };

    private static IEnumerable<PickleValue> Items(PickleList list) => Enumerable.Range(0, list.Count).Select(at => list[at]);

    private static string Real(double number) => $"float('{number.ToString("R", CultureInfo.InvariantCulture)}')";

    private static string Text(string text) => $"'{string.Concat(text.Select(letter => letter is '\\' or '\'' or < ' ' or > '~' ? $"\\u{(int)letter:x4}" : $"{letter}"))}'";
}
