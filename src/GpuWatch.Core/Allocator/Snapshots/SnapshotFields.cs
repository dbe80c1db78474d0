using System.Globalization;
using GpuWatch.Core.Allocator.Pickle;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>The entries of one dict of a snapshot, and its place for messages.</summary>
/// <param name="List">What it is an item of: "segments[3].blocks".</param>
internal readonly record struct SnapshotFields(PickleDict Dict, string File, string List, int Index)
{
    /// <summary>More keys than any of them has; a dict of a million that stands for a million events would cost a square.</summary>
    public const int MostKeys = 64;

    /// <summary>Addresses and sizes end here, so that one added to another is still a number. GPUs know 57 bits.</summary>
    public const long Largest = 1L << 61;

    public static SnapshotFields Of(PickleValue item, string file, string list, int index)
    {
        var place = new SnapshotFields(item.Dict ?? new(), file, list, index);
        return item.Dict is null ? throw place.Bad(null, $"this is {item.Kind}", "expected a dict")
            : item.Dict.Count > MostKeys ? throw place.Bad(null, string.Create(CultureInfo.InvariantCulture, $"this dict has {item.Dict.Count} keys"), "expected a few")
            : place;
    }

    /// <summary>Not negative and far from the end of numbers.</summary>
    /// <exception cref="BadInputException">It is absent or none.</exception>
    public long Size(string key) => SizeIfAny(key) ?? throw Bad(key, "it is absent", "expected a number of bytes");

    public long? SizeIfAny(string key) => Integer(key) switch
    {
        null => null,
        >= 0 and < Largest and var size => size,
        var size => throw Bad(key, string.Create(CultureInfo.InvariantCulture, $"{size} is no size or address"), "expected a number of bytes"),
    };

    /// <summary>Null = absent or None.</summary>
    public long? Integer(string key) => Dict.Find(key) switch
    {
        null or { IsNone: true } => null,
        { Integer: { } number } => number,
        var other => throw Bad(key, $"this is {other.Value.Kind}", "expected a whole number"),
    };

    public string? Text(string key) => Dict.Find(key) switch
    {
        null or { IsNone: true } => null,
        { Text: { } text } => text,
        var other => throw Bad(key, $"this is {other.Value.Kind}", "expected text"),
    };

    public PickleList? ListIfAny(string key) => Dict.Find(key) switch
    {
        null or { IsNone: true } => null,
        { List: { } list } => list,
        var other => throw Bad(key, $"this is {other.Value.Kind}", "expected a list"),
    };

    public BadInputException Bad(string? key, string problem, string expectation) => new(
        string.Create(CultureInfo.InvariantCulture, $"{File}:{List}[{Index}]{(key is null ? "" : $".{key}")}"), problem, expectation);

    public string Under(string key) => string.Create(CultureInfo.InvariantCulture, $"{List}[{Index}].{key}");
}
