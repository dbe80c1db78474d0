using System.Reflection;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Estimate;

/// <summary>Each formula names who says so, and a test holds it against the source's own figure.</summary>
public sealed class FormulaSourcesTests
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Rooms of formulas beside the namespace Formulas: whatever returns a number there is one.</summary>
    private static readonly string[] Rooms = ["OptimizerStates", "QuantisedWeights", "Cublas", "Contexts"];

    private static readonly string[] Formulas = [.. Methods(typeof(Estimator).Assembly)
        .Where(method => method.GetCustomAttribute<FormulaAttribute>() is not null).Select(Name).Distinct().Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_formula_is_held_against_an_example_and_every_example_against_a_formula() =>
        Assert.Equal(Formulas, Methods(typeof(FormulaSourcesTests).Assembly)
            .SelectMany(method => method.GetCustomAttributes<ExampleAttribute>()).Select(example => example.Formula).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Whatever_counts_in_the_rooms_of_formulas_names_its_source() => Assert.Empty(
        from method in Methods(typeof(Estimator).Assembly)
        where method.DeclaringType is { } room && (room.Namespace == "GpuWatch.Core.Estimate.Formulas" || Rooms.Contains(room.Name))
        where !method.IsPrivate && method.ReturnType is var type && (type == typeof(long) || type == typeof(double) || type == typeof(int))
        where !Formulas.Contains(Name(method))
        select Name(method));

    [Fact]
    public void A_source_is_a_paper_a_file_or_a_measurement() => Assert.All(
        Methods(typeof(Estimator).Assembly).Select(method => method.GetCustomAttribute<FormulaAttribute>()).OfType<FormulaAttribute>(),
        formula => Assert.True(formula.Source.Length > 20, formula.Source));

    private static IEnumerable<MethodInfo> Methods(Assembly assembly) => assembly.GetTypes().SelectMany(type => type.GetMethods(Any));

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";
}
