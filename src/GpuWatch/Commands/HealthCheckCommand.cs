using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using GpuWatch.Options;

namespace GpuWatch.Commands;

/// <summary>
/// `healthcheck`: asks the agent of this machine whether it is well, where the agent's own settings say that it listens and with
/// the token they give. For container engines and supervisors: images need no curl, and no token stands on a command line.
/// </summary>
internal static class HealthCheckCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Option<string> Config = CommonFlags.Config();
    private static readonly Option<string> Listen = new("--listen") { Description = "where the agent listens, if a flag told it so", HelpName = "ADDRESS:PORT" };

    public static Command Create(Surroundings around)
    {
        var command = new Command("healthcheck", "Asks the running agent whether it is well: exit code 0, or 1 with the reason.") { Config, Listen };
        command.SetAction(parsed => Run(parsed, around));
        return command;
    }

    private static int Run(ParseResult parsed, Surroundings around)
    {
        var settings = CommonFlags.Settings(parsed, Config, around);
        settings.Flag("http.listen", parsed.GetValue(Listen), "--listen");
        var http = settings.Section("http");
        var options = HttpOptions.From(http, around.Environment);
        var listen = options.Listen ?? throw http.Bad("listen", "is none", "an address at which the agent can be asked is expected");
        var (healthy, said) = AskAsync(Reachable(listen), options.Token, around).GetAwaiter().GetResult();
        (healthy ? around.Out : around.Error).WriteLine(healthy ? said : $"gpuwatch: {said}");
        return healthy ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task<(bool Healthy, string Said)> AskAsync(IPEndPoint agent, Secret? token, Surroundings around)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
        using var late = new CancellationTokenSource(Patience, around.Time);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{agent}/healthz"));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token.Reveal());
        try
        {
            using var answer = await client.SendAsync(request, late.Token).ConfigureAwait(false);
            var body = await answer.Content.ReadAsStringAsync(late.Token).ConfigureAwait(false);
            return (answer.IsSuccessStatusCode, answer.IsSuccessStatusCode ? body : $"{agent} answers HTTP {(int)answer.StatusCode} {body}".TrimEnd());
        }
        catch (HttpRequestException failed)
        {
            return (false, $"{agent} cannot be asked: {failed.InnerException?.Message ?? failed.Message}");
        }
        catch (OperationCanceledException)
        {
            return (false, $"{agent} does not answer within {Patience.TotalSeconds:0} s");
        }
    }

    /// <summary>An agent that listens on every address is asked on loopback.</summary>
    private static IPEndPoint Reachable(IPEndPoint listen) =>
        listen.Address.Equals(IPAddress.Any) ? new(IPAddress.Loopback, listen.Port)
        : listen.Address.Equals(IPAddress.IPv6Any) ? new(IPAddress.IPv6Loopback, listen.Port)
        : listen;
}
