using GpuWatch.Store.Influx;
using GpuWatch.Store.Spool;

namespace GpuWatch.Commands;

/// <summary>
/// `doctor --influx`: whether the server is there, whether it is of the version configured, and whether it would take a point. The
/// write it is asked for is a comment and no point, so that it leaves nothing behind.
/// </summary>
internal static class InfluxCheck
{
    private static readonly Batch Nothing = new(0, 0, Gzip.Compress("# gpuwatch doctor\n"u8));

    public static IEnumerable<Finding> Examine(InfluxOptions? options, TimeProvider time, CancellationToken stop)
    {
        if (options is null)
        {
            yield return new("influx", Health.Bad, "no server is configured", "set influx.url (or INFLUX_HOST), e.g. http://localhost:8086");
            yield break;
        }
        using var client = new InfluxClient(options, time);
        var ping = client.PingAsync(stop).GetAwaiter().GetResult();
        yield return Reached(options, ping);
        if (ping.Problem is null)
        {
            yield return Version(options.Api, ping);
            yield return Write(options, client.SendAsync(Nothing, stop).GetAwaiter().GetResult());
        }
    }

    private static Finding Reached(InfluxOptions options, InfluxPing ping) => ping.Problem is { } problem
        ? new("influx", Health.Bad, $"{options.Url} cannot be reached: {problem}", "see that the server runs, that influx.url names it, and that no firewall or proxy is between")
        : new("influx", Health.Good, $"{options.Url} answers");

    /// <summary>A newer server takes the older interfaces too, and 1.8 that of 2.x; an older one cannot take a newer one.</summary>
    private static Finding Version(InfluxApi api, InfluxPing ping)
    {
        var (configured, name) = ((int)api + 1, Word(api));
        return ping switch
        {
            { Major: null } => new("version", Health.Poor, $"the server does not tell its version; influx.api is {name}", "is this an InfluxDB, or what speaks its protocol?"),
            { Major: var major } when major < configured && !(api == InfluxApi.V2 && ping.Version!.StartsWith("1.8", StringComparison.Ordinal)) =>
                new("version", Health.Bad, $"{ping.Version}, which has not the interface of influx.api {name}", $"set influx.api: v{major}"),
            _ => new("version", Health.Good, $"{ping.Version}, written by influx.api {name}"),
        };
    }

    private static Finding Write(InfluxOptions options, Answer answer)
    {
        var where = options.Api == InfluxApi.V2 ? $"bucket {options.Bucket} of {options.Org}" : $"database {options.Bucket}";
        var reason = answer.Reason;
        return answer switch
        {
            { Outcome: Outcome.Stored } => new("write", Health.Good, $"{where}: {(options.Token is null ? "no token, and none is wanted" : "the token is good")}; an empty write was accepted"),
            { Outcome: Outcome.Refused } => new("write", Health.Poor, $"{where}: an empty write was let in and then refused ({reason})", "token and place are right; gpuwatch_sink_points_rejected_total tells whether the agent's points are taken"),
            { Status: 401 } when options.Token is null => new("write", Health.Bad, $"{where}: {reason}", "the server wants a token: set influx.token_file (1.x: USER:PASSWORD)"),
            { Status: 401 } => new("write", Health.Bad, $"{where}: {reason}", "the token is wrong or no longer valid: see influx.token_file, or make a new one"),
            { Status: 403 } => new("write", Health.Bad, $"{where}: {reason}", $"give this token the right to write {where}"),
            { Status: 404 } => new("write", Health.Bad, $"{where}: {reason}", "make it on the server, or name another in influx.bucket and influx.org; else influx.api is not the server's"),
            { Outcome: Outcome.Later } => new("write", Health.Bad, $"{where}: {reason}", "the server is there but takes nothing now: see its log and its disk"),
            _ => new("write", Health.Bad, $"{where}: {reason}", "see whether influx.url names the server itself and not a page before it"),
        };
    }

    private static string Word(InfluxApi api) => api switch { InfluxApi.V1 => "v1", InfluxApi.V2 => "v2", _ => "v3" };
}
