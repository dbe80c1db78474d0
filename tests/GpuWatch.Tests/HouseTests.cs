using System.Text.RegularExpressions;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests;

/// <summary>The rooms and the doors between them, as the sources name them: a room may use those to its left.</summary>
public sealed partial class HouseTests
{
    /// <summary>Rooms that stand in one entry do not know each other. Allocator: docs/decisions/0012.</summary>
    private static readonly string[][] Core =
    [
        ["Units"], ["Sample"], ["Jobs"], ["Allocator"], ["Estimate"], ["Observe", "Calibrate"], ["Reconcile"], ["Forecast"], ["Alert"],
    ];

    /// <summary>Where they meet (Agent.cs, Outlets.cs, Pipeline.cs …) is no room.</summary>
    private static readonly string[][] Agent =
    [
        ["Sinks", "Options", "InProcess"], ["Trace", "Sampling"], ["Jobs", "Notify", "Store", "Show"], ["Backtest"], ["Commands"],
    ];

    [Fact]
    public void In_Core_a_room_uses_only_rooms_to_its_left() => Assert.Empty(WrongDoors("GpuWatch.Core", Core));

    [Fact]
    public void In_the_agent_a_room_uses_only_rooms_to_its_left() => Assert.Empty(WrongDoors("GpuWatch", Agent));

    [Fact]
    public void Core_reads_no_clock_and_does_no_io() => Assert.Empty(
        from file in Sources("GpuWatch.Core")
        from Match named in Outside().Matches(File.ReadAllText(file))
        select $"{Path.GetFileName(file)}: {named.Value}");

    [Fact]
    public void A_folder_is_a_namespace() => Assert.Empty(
        from project in (string[])["GpuWatch.Core", "GpuWatch.Nvml", "GpuWatch"]
        from file in Sources(project)
        let folder = Path.GetRelativePath(Repository.PathOf("src", project), Path.GetDirectoryName(file)!)
        let expected = folder == "." ? project : $"{project}.{folder.Replace('/', '.')}"
        where !File.ReadAllText(file).Contains($"\nnamespace {expected};\n", StringComparison.Ordinal) && !File.ReadAllText(file).StartsWith($"namespace {expected};\n", StringComparison.Ordinal)
        where !IsSplitFolder(folder)
        select $"{Path.GetFileName(file)} is not in {expected}");

    /// <summary>Parts of one room that are many files and one idea keep their room's namespace.</summary>
    private static bool IsSplitFolder(string folder) => folder.Contains('/');

    private static IEnumerable<string> WrongDoors(string project, string[][] rooms)
    {
        var place = rooms.SelectMany((names, index) => names.Select(name => (name, index))).ToDictionary(room => room.name, room => room.index);
        return
            from file in Sources(project)
            let room = Path.GetRelativePath(Repository.PathOf("src", project), file).Split('/')[0]
            where place.ContainsKey(room)
            from door in Doors(File.ReadAllText(file), project, place.Keys)
            where door != room && place[door] >= place[room]
            select $"{room}/{Path.GetFileName(file)} uses {door}";
    }

    /// <summary>By a using, or by its name before a type's.</summary>
    private static IEnumerable<string> Doors(string source, string project, IEnumerable<string> rooms) => rooms.Where(room =>
        Regex.IsMatch(source, $@"^using (static )?{Regex.Escape(project)}\.{room}\b", RegexOptions.Multiline)
        || Regex.IsMatch(source, $@"(?<![\w.""<{{/]){Regex.Escape(project[(project.LastIndexOf('.') + 1)..])}\.{room}\.[A-Z]"));

    private static IEnumerable<string> Sources(string project) =>
        Directory.GetFiles(Repository.PathOf("src", project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    [GeneratedRegex(@"\b(File|Directory|Console|Thread|Stopwatch|HttpClient|Socket|Environment)\.[A-Z]\w*|\bDateTime(Offset)?\.(Utc)?Now|\busing System\.(Reactive|IO|Net|Threading)\b")]
    private static partial Regex Outside();
}
