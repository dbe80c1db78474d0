using GpuWatch.Core.Estimate;
using GpuWatch.Core.Reconcile;
using GpuWatch.Core.Units;

namespace GpuWatch.Show;

/// <summary>The components of a closing account that were seen, as a table under its line; nothing where none was, as before the first step.</summary>
internal static class ReconciliationText
{
    public static string Of(Reconciled account)
    {
        if (account.Observed is not { } observed)
        {
            return "";
        }
        var table = new TextTable("", ">declared", ">observed", ">from", ">to", ">off by");
        var isEmpty = true;
        foreach (var component in Components.All)
        {
            var (declared, seen) = (account.Estimated?[component], observed[component]);
            if (seen is { } range && (declared > Bytes.Zero || range.Likely > Bytes.Zero))
            {
                isEmpty = false;
                table.Add(component.Name().Replace('_', ' '), Text(declared), Text(range.Likely), Text(range.Low), Text(range.High), Text(range.Likely - declared));
            }
        }
        if (isEmpty)
        {
            return "";
        }
        var text = new StringWriter { NewLine = "\n" };
        table.WriteTo(text, indent: "    ");
        return text.ToString();
    }

    private static string? Text(Bytes? size) => size?.ToString();
}
