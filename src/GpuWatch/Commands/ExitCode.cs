namespace GpuWatch.Commands;

/// <summary>Exit codes of CONTRACTS 2.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadInput = 2;
    public const int No = 3;
    public const int Interrupted = 130;
}
