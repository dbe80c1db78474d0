using System.CommandLine;

namespace GpuWatch.Commands;

/// <summary>`--output`, with the forms a command has; the first is its default.</summary>
internal static class OutputOption
{
    public static Option<string> Create(params string[] forms)
    {
        var option = new Option<string>("--output") { Description = string.Join(", ", forms), DefaultValueFactory = _ => forms[0], HelpName = "FORM" };
        option.AcceptOnlyFromAmong(forms);
        return option;
    }
}
