using System.CommandLine;
using GpuWatch.Core.Units;
using GpuWatch.Options;
using GpuWatch.Store.Sqlite;

namespace GpuWatch.Commands;

/// <summary>The flags that mean the same in each command, and the settings they are laid over.</summary>
internal static class CommonFlags
{
    public static Option<string> Config() => new("--config")
    {
        Description = "settings, instead of /etc/gpuwatch/gpuwatch.yaml, /etc/gpuwatch/conf.d/*.yaml and ~/.config/gpuwatch/config.yaml",
        HelpName = "FILE",
    };

    public static Option<string> Nvml() => new("--nvml") { Description = "the NVML library to read; else nvml.path of the settings, else GPUWATCH_NVML, else the system's", HelpName = "PATH" };

    public static Option<string> Job() => new("--job")
    {
        Description = "what is trained: a file for the first process on each GPU, or a folder of files named after pid, SLURM job, script, process or user",
        HelpName = "FILE|DIR",
    };

    public static Settings Settings(ParseResult parsed, Option<string> config, Surroundings around) =>
        Options.Settings.Load(parsed.GetValue(config), around.Environment, around.VariableNames);

    /// <summary>The database that the agent with these settings writes.</summary>
    /// <exception cref="BadInputException">They say that there is none.</exception>
    public static string Store(ParseResult parsed, Option<string> store, Option<string> config, Surroundings around)
    {
        var settings = Settings(parsed, config, around);
        settings.Flag("store.path", parsed.GetValue(store), "--store");
        var section = settings.Section("store");
        var options = StoreOptions.From(section, around.Environment);
        settings.RejectUnknown("store");
        return options.Path ?? throw section.Bad("path", "is none", "a database is expected; --store FILE names another");
    }
}
