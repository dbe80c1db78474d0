using GpuWatch.Commands;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Show;

/// <summary>The components of a closing account as a table under its line; nothing where none could be told.</summary>
internal static class ReconciliationText
{
    public static string Of(Reconciled account)
    {
        if (account.Observed is not { } observed)
        {
            return "";
        }
        var table = new TextTable("", ">declared", ">observed", ">from", ">to", ">off by");
        foreach (var component in Enum.GetValues<Component>())
        {
            var (declared, seen) = (account.Estimated?[component], observed[component]);
            if (declared > Bytes.Zero || seen?.Likely > Bytes.Zero)
            {
                table.Add(EstimateParts.Name(component).Replace('_', ' '), Text(declared), Text(seen?.Likely), Text(seen?.Low), Text(seen?.High), Text(seen?.Likely - declared));
            }
        }
        var text = new StringWriter { NewLine = "\n" };
        table.WriteTo(text, indent: "    ");
        return text.ToString();
    }

    private static string? Text(Bytes? size) => size?.ToString();
}
