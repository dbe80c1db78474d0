namespace GpuWatch.Core.Jobs;

/// <summary>Reads and writes weight_dtype: a precision, after the format of the quantised weights where there is one ("nf4-dq+bf16", "gptq4+fp16").</summary>
internal static class WeightFormat
{
    public static readonly WordList Formats = new(
        "nf4", "nf4-dq = nf4dq", "fp4", "gptq = gptq4, gptq8, gptq2", "awq = awq4", "aqlm = aqlm2", "int8 = llm.int8, bnb8, fp8", "int4 = hqq4, hqq");

    public static Job? Read(Job job, string text)
    {
        var parts = text.Split('+', 2, StringSplitOptions.TrimEntries);
        if (parts.Length == 1 && JobWords.Dtypes.Find(parts[0]) is { } plain)
        {
            return job with { WeightDtype = plain };
        }
        if (Formats.Find(parts[0]) is not { } format)
        {
            return null;
        }
        var dtype = parts.Length == 1 ? null : JobWords.Dtypes.Find(parts[1]);
        return parts.Length == 2 && dtype is null
            ? null
            : job with { QuantFormat = format, QuantBits = job.QuantBits ?? Bits(format, parts[0]), WeightDtype = dtype };
    }

    public static string? Write(Job job) =>
        job.QuantFormat is null ? job.WeightDtype
        : job.WeightDtype is null ? job.QuantFormat
        : $"{job.QuantFormat}+{job.WeightDtype}";

    /// <summary>The digit the format was written with, or what the format always has.</summary>
    private static int? Bits(string format, string text) => format switch
    {
        "int8" => 8,
        "nf4" or "nf4-dq" or "fp4" or "int4" or "awq" => 4,
        "aqlm" => 2,
        _ => text.AsSpan().IndexOfAnyInRange('2', '8') is >= 0 and var at ? text[at] - '0' : 4,
    };

    /// <summary>The only bits a format has; null where it has several.</summary>
    public static int? BitsOf(string format) => format is "gptq" ? null : Bits(format, format);
}
