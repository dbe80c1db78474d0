using System.Net;

namespace GpuWatch.Options;

/// <summary>The page, the metrics and the API.</summary>
internal sealed record HttpOptions
{
    public const int DefaultPort = 9838;

    /// <summary>Default 127.0.0.1:9838; null = no HTTP at all ("none"). Any address that is not loopback needs a token.</summary>
    public IPEndPoint? Listen { get; init; } = new(IPAddress.Loopback, DefaultPort);

    /// <summary>Somebody asked for this address: then not getting it is an error.</summary>
    public bool IsListenGiven { get; init; }

    /// <summary>What a caller must present, as a bearer token or as the password of basic authentication. Null: none is asked for.</summary>
    public Secret? Token { get; init; }

    /// <summary>Process series shown on /metrics, the largest first. Default 100: labels by pid must stay bounded.</summary>
    public int MostProcesses { get; init; } = 100;

    public static HttpOptions From(SettingsSection section, Func<string, string?> environment)
    {
        var options = new HttpOptions
        {
            Listen = Endpoint(section),
            IsListenGiven = section.Text("listen") is not null,
            Token = section.Secret("token", environment),
            MostProcesses = section.Count("most_processes", 100, 0, 10_000),
        };
        return options.Listen is { } address && !IPAddress.IsLoopback(address.Address) && options.Token is null
            ? throw section.Bad("listen", "can be reached from other machines", "http.token, http.token_file or the credential http_token is expected with it")
            : options;
    }

    private static IPEndPoint? Endpoint(SettingsSection section)
    {
        var text = section.TextOr(new HttpOptions().Listen!.ToString(), "listen");
        return text switch
        {
            "none" => null,
            _ when ushort.TryParse(text, out var port) => new IPEndPoint(IPAddress.Loopback, port),
            _ when IPEndPoint.TryParse(text.Replace("localhost", "127.0.0.1", StringComparison.Ordinal), out var endpoint) =>
                endpoint.Port == 0 && !text.EndsWith(":0", StringComparison.Ordinal) ? new IPEndPoint(endpoint.Address, DefaultPort) : endpoint,
            _ => throw section.Bad("listen", $"is '{text}'", "ADDRESS:PORT, a port or none is expected"),
        };
    }
}
