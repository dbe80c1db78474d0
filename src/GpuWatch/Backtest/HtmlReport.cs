using System.Net;
using GpuWatch.Core.Alert;

namespace GpuWatch.Backtest;

/// <summary>A page of small plots, one a job: a person sees in a minute where the forecast errs. Nothing is loaded from elsewhere.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#222;background:#fff}
        main{display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:1rem}
        article{border:1px solid #ddd;border-left:6px solid #9a9;border-radius:4px;padding:.5rem}
        article.missed,article.false{border-left-color:#c22}
        article.caught{border-left-color:#27c}
        h2{font-size:1rem;margin:0}p{margin:.2rem 0;font-size:.85rem;color:#555}
        svg{width:100%;height:130px;background:#fafafa}
        polyline{fill:none;stroke-width:1.4}.used{stroke:#27c}.room{stroke:#999;stroke-dasharray:4 3}
        line{stroke-width:1.6}.critical{stroke:#c22}.warning{stroke:#e90}.info{stroke:#7a7}.end{stroke:#000;stroke-dasharray:2 2}
        """;

    public static void Write(TextWriter page, IEnumerable<Outcome> outcomes)
    {
        page.WriteLine("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>gpuwatch backtest</title>");
        page.WriteLine($"<style>{Style}</style></head><body><h1>gpuwatch backtest</h1>");
        page.WriteLine("<p>Blue: held by the process. Grey, dashed: what it can hold at most. Red and orange: critical and warning alerts. Black: it runs out of memory.</p><main>");
        foreach (var outcome in outcomes)
        {
            Write(page, outcome);
        }
        page.WriteLine("</main></body></html>");
    }

    private static void Write(TextWriter page, Outcome outcome)
    {
        var verdict = Verdict(outcome);
        page.WriteLine($"<article class=\"{verdict}\"><h2>{Encode(outcome.Job.Name)} · {Encode(outcome.Job.Truth.Scenario)} · {verdict}</h2>");
        page.WriteLine(Plot.Svg(outcome));
        foreach (var raised in outcome.Raised.Where(raised => raised.Alert.Severity == Severity.Critical).Take(2))
        {
            page.WriteLine(FormattableString.Invariant($"<p>{raised.TimeSeconds:0.0} s: {Encode(raised.Alert.Reason)}</p>"));
        }
        page.WriteLine("</article>");
    }

    private static string Verdict(Outcome outcome) =>
        outcome.Job.Truth.OomAtSeconds is not null ? outcome.LeadSeconds is null ? "missed" : "caught"
        : outcome.Job.Truth.IsFine && outcome.AlarmSeconds.Count > 0 ? "false"
        : "lived";

    /// <summary>Names come from files: inert everywhere.</summary>
    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
