using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>A command that runs in our place: it has our input and output, and gets the signals we get.</summary>
internal sealed class Child : IDisposable
{
    private const int Interrupt = 2, UserSignal1 = 10, UserSignal2 = 12;

    private readonly Process process;
    private readonly List<PosixSignalRegistration> signals = [];
    private readonly List<int> early = [];
    private readonly HashSet<int> family = [];
    private readonly Lock guard = new();
    private bool started;

    /// <exception cref="Win32Exception">It cannot be started.</exception>
    private Child(ProcessStartInfo start)
    {
        Pass(PosixSignal.SIGTERM, 15);
        Pass(PosixSignal.SIGHUP, 1);
        Pass(PosixSignal.SIGINT, 2);
        if (OperatingSystem.IsLinux())
        {
            // Schedulers and trainers ask for a checkpoint by these two. They have no name in PosixSignal; raw numbers are allowed.
            Pass((PosixSignal)UserSignal1, UserSignal1);
            Pass((PosixSignal)UserSignal2, UserSignal2);
        }
        process = new Process { StartInfo = start };
        process.Start();
        lock (guard)
        {
            started = true;
            family.Add(process.Id);
            early.ForEach(number => _ = Kill(process.Id, number));
        }
    }

    /// <param name="environment">Set beside what we have ourselves.</param>
    /// <exception cref="BadInputException">It cannot be started.</exception>
    public static Child Start(ImmutableArray<string> line, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(line[0], line.Skip(1)) { UseShellExecute = false };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        try
        {
            return new Child(start);
        }
        catch (Win32Exception failure)
        {
            throw new BadInputException(Plain.Text(line[0]), $"cannot be started: {failure.Message}", "a program and its arguments are expected after --");
        }
    }

    /// <summary>Whether the command started that process, itself or through others. A process once known stays known when its parents end.</summary>
    public bool IsAncestorOf(int pid)
    {
        lock (guard)
        {
            var line = new List<int>();
            for (var at = pid; at > 1; at = ParentOf(at))
            {
                if (family.Contains(at))
                {
                    family.UnionWith(line);
                    return true;
                }
                line.Add(at);
            }
            return false;
        }
    }

    /// <summary>Its exit code; 128 and the number of the signal that ended it.</summary>
    public int WaitForEnd()
    {
        process.WaitForExit();
        return process.ExitCode;
    }

    public void Dispose()
    {
        foreach (var signal in signals)
        {
            signal.Dispose();
        }
        process.Dispose();
    }

    /// <summary>A signal that comes before the command has started is kept for it.</summary>
    private void Pass(PosixSignal signal, int number) => signals.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (number == Interrupt && IsInForeground)
        {
            // The terminal has sent its Ctrl-C to the whole group, so the command has it already.
            return;
        }
        lock (guard)
        {
            if (started)
            {
                _ = Kill(process.Id, number);
            }
            else
            {
                early.Add(number);
            }
        }
    }));

    /// <summary>Our process group (field 5 of proc(5)'s stat) is the one that the terminal, if there is one, listens to (field 8).</summary>
    private static bool IsInForeground
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                return false;
            }
            var stat = File.ReadAllText("/proc/self/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[2] == fields[5];
        }
    }

    /// <summary>0 when there is no such process.</summary>
    private static int ParentOf(int pid)
    {
        try
        {
            var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")).FirstOrDefault(line => line.StartsWith("PPid:", StringComparison.Ordinal));
            return line is null ? 0 : int.Parse(line.AsSpan("PPid:".Length).Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}
