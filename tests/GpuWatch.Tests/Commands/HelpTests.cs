using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reactive.Concurrency;
using System.Text.RegularExpressions;
using GpuWatch.Commands;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed partial class HelpTests
{
    private static readonly RootCommand Tree = CommandLine.Tree(new Surroundings(
        TextWriter.Null, TextWriter.Null, false, _ => null, TimeProvider.System, Scheduler.Default, CancellationToken.None));

    public static TheoryData<string> Names => [.. Tree.Subcommands.Select(command => command.Name)];

    [Fact]
    public void The_help_of_the_program_names_each_command_with_what_it_does()
    {
        var (code, output, error) = Gpuwatch.Run("--help");

        Assert.Equal((0, ""), (code, error));
        Assert.All(Tree.Subcommands, command => Assert.Matches($@"\n  {command.Name}\b.* {Regex.Escape(command.Description!)}", output));
        Assert.Contains("\nExamples:\n", output);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_help_of_a_command_explains_it_and_each_of_its_options(string name)
    {
        var (code, output, error) = Gpuwatch.Run(name, "--help");

        var command = Tree.Subcommands.Single(command => command.Name == name);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains(command.Description!, output);
        Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        Assert.All(command.Options.Where(option => !option.Hidden), option => Assert.Contains(option.Name, output));
    }

    [Fact]
    public void Every_example_in_the_help_is_one_that_the_program_takes()
    {
        var examples = Tree.Subcommands.Select(command => Gpuwatch.Run(command.Name, "--help").Out).Append(Gpuwatch.Run("--help").Out)
            .SelectMany(help => help.Contains("\nExamples:\n") ? help.Split("\nExamples:\n")[1].Split('\n') : [])
            .SelectMany(line => Aside().Replace(line.Trim(), "").Split(';', '|', '>').SelectMany(part => part.Split("&&")))
            .Where(part => part.Contains("gpuwatch ", StringComparison.Ordinal))
            .Select(part => part[(part.IndexOf("gpuwatch ", StringComparison.Ordinal) + "gpuwatch ".Length)..])
            .ToList();

        Assert.True(examples.Count > 15, $"{examples.Count} examples");
        Assert.All(examples, example => Assert.Empty(Tree.Parse([.. CommandLineParser.SplitCommandLine(example)]).Errors));
    }

    /// <summary>What stands beside an example, and is none.</summary>
    [GeneratedRegex(@"\s{3,}.*$")]
    private static partial Regex Aside();
}
