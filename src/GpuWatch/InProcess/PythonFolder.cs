using GpuWatch.Core.Units;

namespace GpuWatch.InProcess;

/// <summary>The Python files that are shipped beside the program, and how a command is made to load them.</summary>
internal static class PythonFolder
{
    public const string Variable = "PYTHONPATH";

    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "python");

    /// <summary>Ours comes first: Python takes the first sitecustomize it finds, and ours runs the one it hides.</summary>
    /// <param name="before">What the variable holds now; null or empty: nothing.</param>
    /// <exception cref="BadInputException">The files are not there.</exception>
    public static string With(string? before)
    {
        if (!File.Exists(System.IO.Path.Combine(Path, "sitecustomize.py")))
        {
            throw new BadInputException("--in-process", $"{Path} does not hold the Python files", "they are shipped beside the program");
        }
        // An empty entry would be the folder that Python happens to start in.
        return string.IsNullOrEmpty(before) ? Path : $"{Path}:{before}";
    }
}
