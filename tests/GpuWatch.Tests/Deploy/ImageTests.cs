using System.Text.Json;
using System.Text.RegularExpressions;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Deploy;

/// <summary>What of the Dockerfile can be held against the repository without an engine to build it.</summary>
public sealed partial class ImageTests
{
    private static readonly string[] Lines = File.ReadAllText(Repository.PathOf("Dockerfile")).Replace("\\\n", " ", StringComparison.Ordinal)
        .Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToArray();

    [Fact]
    public void It_publishes_as_the_setup_script_does()
    {
        var setup = Publish().Match(File.ReadAllText(Repository.PathOf("scripts", "setup.sh")));
        var image = Publish().Match(Of("RUN dotnet publish"));

        Assert.Equal(setup.Groups["project"].Value, image.Groups["project"].Value);
        Assert.Equal(setup.Groups["configuration"].Value, image.Groups["configuration"].Value);
        Assert.True(File.Exists(Repository.PathOf(image.Groups["project"].Value)));
    }

    /// <summary>What it copies from the first stage is what that stage makes: the publish folder, and the simulator.</summary>
    [Fact]
    public void What_it_copies_is_made_before()
    {
        var published = Publish().Match(Of("RUN dotnet publish")).Groups["out"].Value;
        var source = Of("WORKDIR /source").Split(' ')[1];
        var copied = Lines.Where(line => line.StartsWith("COPY --from=build ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();

        Assert.Contains(Lines, line => line.StartsWith("FROM ", StringComparison.Ordinal) && line.EndsWith(" AS build", StringComparison.Ordinal));
        Assert.Equal([published, $"{source}/artifacts/native"], copied);
        Assert.True(Directory.Exists(Repository.PathOf("artifacts", "native")), "the build makes it here too");
    }

    [Fact]
    public void Nothing_that_the_build_reads_is_kept_out_of_it()
    {
        var ignored = File.ReadAllLines(Repository.PathOf(".dockerignore")).Select(line => line.Trim().TrimEnd('/')).ToHashSet();

        foreach (var needed in (string[])["src", "native", "global.json", "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig"])
        {
            Assert.True(Path.Exists(Repository.PathOf(needed)), needed);
            Assert.DoesNotContain(needed, ignored);
        }
    }

    [Fact]
    public void It_starts_the_program_that_was_copied_as_nobody_special()
    {
        var folder = Lines.Single(line => line.StartsWith("COPY --from=build /publish ", StringComparison.Ordinal)).Split(' ')[3];

        Assert.Equal($"ENTRYPOINT [\"{folder}/gpuwatch\"]", Of("ENTRYPOINT"));
        Assert.Contains("<AssemblyName>gpuwatch</AssemblyName>", File.ReadAllText(Repository.PathOf("src", "GpuWatch", "GpuWatch.csproj")));
        Assert.Equal("USER gpuwatch", Of("USER"));
    }

    [NodeFact]
    public void A_linter_of_Dockerfiles_finds_nothing()
    {
        Assert.Equal((0, "[]"), Lint(File.ReadAllText(Repository.PathOf("Dockerfile"))));
        Assert.Contains("2: Unknown instruction: RUNN", Lint("FROM x\nRUNN y\n").Output);

        static (int, string Output) Lint(string file)
        {
            var (code, output) = Tool.Run("node", ["tests/node/dockerfile.mjs"], input: file);
            return (code, output.Trim());
        }
    }

    [Fact]
    public void Its_health_check_is_a_command_of_the_program()
    {
        var check = JsonDocument.Parse(Of("HEALTHCHECK").Split(" CMD ")[1]).RootElement.EnumerateArray().Select(part => part.GetString()!).ToList();

        Assert.Equal($"ENTRYPOINT [\"{check[0]}\"]", Of("ENTRYPOINT"));
        Assert.Equal(0, Gpuwatch.Run([.. check[1..], "--help"]).Code);
    }

    private static string Of(string start) => Lines.Single(line => line.StartsWith(start, StringComparison.Ordinal));

    [GeneratedRegex(@"dotnet publish (?<project>\S+) -c (?<configuration>\S+) -o (?<out>\S+)")]
    private static partial Regex Publish();
}
