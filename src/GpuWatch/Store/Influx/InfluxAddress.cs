using System.Net.Http.Headers;
using System.Text;

namespace GpuWatch.Store.Influx;

/// <summary>The write interface of each version: path, parameters and how it wants to be authorised. Times go in milliseconds.</summary>
internal static class InfluxAddress
{
    public static Uri Write(InfluxOptions options)
    {
        var bucket = Uri.EscapeDataString(options.Bucket);
        return Under(options.Url, options.Api switch
        {
            InfluxApi.V1 => $"write?db={bucket}&precision=ms",
            InfluxApi.V2 => $"api/v2/write?org={Uri.EscapeDataString(options.Org)}&bucket={bucket}&precision=ms",
            _ => $"api/v3/write_lp?db={bucket}&precision=millisecond",
        });
    }

    /// <summary>Every version answers here, with its version; 3.x may want the token for it.</summary>
    public static Uri Ping(InfluxOptions options) => Under(options.Url, "ping");

    public static AuthenticationHeaderValue? Authorization(InfluxOptions options) => options switch
    {
        { Token: null } => null,
        { Api: InfluxApi.V1 } => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(options.Token.Reveal()))),
        { Api: InfluxApi.V2 } => new("Token", options.Token.Reveal()),
        _ => new("Bearer", options.Token.Reveal()),
    };

    private static Uri Under(Uri server, string path) => new(server.AbsoluteUri.TrimEnd('/') + "/" + path);
}
