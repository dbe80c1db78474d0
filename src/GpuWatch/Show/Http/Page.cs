using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GpuWatch.Show.Http;

/// <summary>
/// The page: one file with its style and script inside, and a policy that lets the browser run exactly these two and talk to
/// nobody but this server.
/// </summary>
internal sealed class Page
{
    private readonly Lazy<(byte[] Html, string Policy)> page = new(Load);

    public Task AnswerAsync(HttpResponse response)
    {
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = page.Value.Html.Length;
        response.Headers.ContentSecurityPolicy = page.Value.Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        return HttpMethods.IsHead(response.HttpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(page.Value.Html, response.HttpContext.RequestAborted).AsTask();
    }

    private static (byte[] Html, string Policy) Load()
    {
        using var resource = typeof(Page).Assembly.GetManifestResourceStream("page.html")!;
        using var reader = new StreamReader(resource, Encoding.UTF8);
        var html = reader.ReadToEnd();
        return (Encoding.UTF8.GetBytes(html),
            "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + $"script-src {HashOf(html, "script")}; style-src {HashOf(html, "style")}");
    }

    private static string HashOf(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = html.IndexOf($"</{element}>", start, StringComparison.Ordinal);
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])))}'";
    }
}
