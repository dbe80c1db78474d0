using System.CommandLine;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Units;

namespace GpuWatch.Jobs;

/// <summary>Reads a profile that `calibrate --out` wrote.</summary>
internal static class ProfileFile
{
    private const int Largest = 1 << 20;

    /// <summary>`--profile`, the same in every command that estimates.</summary>
    public static Option<string> Flag() =>
        new("--profile") { Description = "estimate by these coefficients, which `gpuwatch calibrate` wrote, instead of the shipped ones", HelpName = "PROFILE.json" };

    /// <returns>Null where no path is given: the shipped profile.</returns>
    /// <exception cref="BadInputException">The file cannot be read or is no profile.</exception>
    public static Profile? Read(string? path) => path is null ? null : ProfileJson.Read(Content(path), path);

    private static ReadOnlyMemory<byte> Content(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var content = new byte[Largest + 1];
            var length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length <= Largest
                ? content.AsMemory(0, length)
                : throw new BadInputException(path, "the file is larger than 1 MiB", "expected a file that `gpuwatch calibrate --out` wrote");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException(path, Plain.Text(fault.Message), "expected a file that `gpuwatch calibrate --out` wrote");
        }
    }
}
