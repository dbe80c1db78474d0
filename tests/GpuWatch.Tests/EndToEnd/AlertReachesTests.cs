using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GpuWatch.Notify;
using GpuWatch.Tests.Support;
using Xunit.Abstractions;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>
/// Issue 5: a predicted OOM on the simulated node reaches Alertmanager, a webhook and the job, once. In one run with every other
/// channel, and with two sinks whose far side is dead. How long after the event is printed, not asserted (NotifierTests asserts what the agent itself waits): within 2 s where the machine has nothing else to do.
/// </summary>
[Trait("Category", "Servers")]
public sealed class AlertReachesTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [ToolFact("prometheus-alertmanager", "bash", "aiosmtpd")]
    public async Task A_predicted_OOM_reaches_Alertmanager_a_webhook_the_job_and_all_others_once()
    {
        await using var pager = await Receiver.StartAsync();
        await using var webhook = await Receiver.StartAsync();
        await using var slack = await Receiver.StartAsync();
        using var mail = await SmtpServer.StartAsync(MailTls.None);
        using var alertmanager = await ServerProcess.Alertmanager($"""
            route: {"{"} receiver: pager, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: ['...'] {"}"}
            receivers:
              - name: pager
                webhook_configs: [{"{"} url: '{pager.Url}' {"}"}]
            """);
        using var job = Process.Start(new ProcessStartInfo("/bin/bash",
            ["-c", "trap 'date +%s.%N >> \"$0\"' USR1; while :; do read -t 0.02 <> <(:) || :; done", folder.File("got")]))!;
        try
        {
            var port = Ports.Free();
            using var agent = RunningAgent.WithConfig(Config(alertmanager.Url, webhook.Url, slack.Url, mail.Port), SomeJob.Loading(folder, job.Id),
                "--job", SomeJob.TooLarge(folder), "--listen", $"127.0.0.1:{port}", "--period", "100ms");
            await Eventually.HoldsAsync(() => Critical(agent) is not null, 30, () => "the agent raised it: " + string.Join("; ", agent.Errors));
            await Eventually.HoldsAsync(
                () => Firing(pager) > 0 && !webhook.Posts.IsEmpty && !slack.Posts.IsEmpty && mail.Mails.Count > 0 && File.Exists(folder.File("got")) && File.Exists(folder.File("paged")), 60, "all were told");
            Assert.Contains("\"severity\":\"critical\"", await alertmanager.GetAsync("api/v2/alerts"));
            await AssertHealthTellsOfTheDeadAsync(port);
            var happened = Critical(agent)!.Value;
            // What would come a second time has come by then.
            await Eventually.HoldsAsync(() => Times(agent).Last() > happened.AddSeconds(8), 60, "the agent goes on");
            Assert.Equal(130, agent.Stop());

            Assert.Equal(1, Firing(pager));
            AssertAfter("Alertmanager's receiver", pager.Posts.First(post => post.Text.Contains("critical")).At, happened);
            var post = Assert.Single(webhook.Posts, post => Events(post.Text).Any(IsCritical));
            AssertAfter("webhook", post.At, happened);
            Assert.Equal("sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("s3cr3t-k"u8, Encoding.UTF8.GetBytes(post.Headers["X-GpuWatch-Timestamp"] + "." + post.Text))), post.Headers["X-GpuWatch-Signature"]);
            AssertAfter("job's signal handler", At(Assert.Single(File.ReadAllLines(folder.File("got")))), happened);

            AssertAfter("Slack", Assert.Single(slack.Posts, post => post.Text.Contains("CRITICAL oom-risk", StringComparison.Ordinal)).At, happened);
            Assert.Single(mail.Mails, sent => sent.GetProperty("subject").GetString()!.Contains("CRITICAL oom-risk", StringComparison.Ordinal));
            var paged = File.ReadAllLines(folder.File("paged")).Where(line => line.Contains("\"critical\"", StringComparison.Ordinal) && line.Contains("\"alert\"", StringComparison.Ordinal)).ToList();
            AssertAfter("command", At(Assert.Single(paged).Split(' ')[0]), happened);
            Assert.DoesNotContain(agent.Errors.Concat(agent.Output), line => line.Contains("s3cr3t", StringComparison.Ordinal));
        }
        finally
        {
            job.Kill();
            job.WaitForExit();
        }
    }

    private string Config(Uri alertmanager, Uri webhook, Uri slack, int mail) => folder.File("gpuwatch.yaml", $"""
        alertmanager: {"{"} url: '{alertmanager}' {"}"}
        webhook: {"{"} url: '{webhook}', secret_file: {folder.File("secret", "s3cr3t-k")} {"}"}
        slack: {"{"} url: '{slack}s3cr3t-path' {"}"}
        mail: {"{"} host: 127.0.0.1, port: {mail}, tls: no, from: a@example.org, to: [b@example.org], user: {SmtpServer.User}, password: {SmtpServer.Password} {"}"}
        command: {"{"} argv: [/bin/bash, -c, 'while read -r line; do echo "$(date +%s.%N) $line" >> "$0"; done', {folder.File("paged")}] {"}"}
        signal: {"{"} name: SIGUSR1 {"}"}
        alerts: {"{"} at_least: critical {"}"}
        influx: {"{"} url: 'http://127.0.0.1:1', token: s3cr3t-t, spool: none {"}"}
        otlp: {"{"} endpoint: 'http://127.0.0.1:1', headers: 'k=s3cr3t-h', period: 1s {"}"}
        store: {"{"} path: none {"}"}
        """);

    /// <summary>The agent itself is well, and says who is not.</summary>
    private static async Task AssertHealthTellsOfTheDeadAsync(int port)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Dictionary<string, string?> sinks = [];
        await Eventually.HoldsAsync(async () => (sinks = await ProblemsAsync(http))["influxdb"] is not null && sinks["otlp"] is not null, TimeSpan.FromSeconds(30), "the dead show in health");
        Assert.All(["influxdb", "otlp"], dead => Assert.Contains("refused", sinks[dead]));
        Assert.All(["alertmanager", "webhook", "slack", "mail", "command", "signal"], alive => Assert.Null(sinks[alive]));
    }

    private static async Task<Dictionary<string, string?>> ProblemsAsync(HttpClient http) =>
        JsonDocument.Parse(await http.GetStringAsync("/healthz")).RootElement.GetProperty("sinks").EnumerateArray()
            .ToDictionary(sink => sink.GetProperty("sink").GetString()!, sink => sink.GetProperty("problem").GetString());

    private void AssertAfter(string who, DateTimeOffset told, DateTimeOffset happened)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{who}: {(told - happened).TotalSeconds:0.000} s after the event"));
        Assert.True(told >= happened, $"{who} was told {(happened - told).TotalSeconds} s before the event");
    }

    private static DateTimeOffset At(string seconds) => DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));

    private static int Firing(Receiver pager) => pager.Posts
        .SelectMany(post => JsonDocument.Parse(post.Body).RootElement.GetProperty("alerts").EnumerateArray())
        .Count(alert => alert.GetProperty("status").GetString() == "firing" && alert.GetProperty("labels").GetProperty("severity").GetString() == "critical");

    private static IEnumerable<JsonElement> Events(string body) => JsonDocument.Parse(body).RootElement.GetProperty("events").EnumerateArray();

    private static bool IsCritical(JsonElement happened) =>
        happened.GetProperty("event").GetString() == "alert" && happened.GetProperty("severity").GetString() == "critical" && happened.GetProperty("kind").GetString() == "oom-risk";

    private static DateTimeOffset? Critical(RunningAgent agent) => Times(agent, IsCritical).Cast<DateTimeOffset?>().FirstOrDefault();

    /// <summary>The events' own times, which the agent prints with them.</summary>
    private static IEnumerable<DateTimeOffset> Times(RunningAgent agent, Func<JsonElement, bool>? which = null) => agent.Output
        .Where(line => line.StartsWith('{'))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(which ?? (_ => true))
        .Select(happened => DateTimeOffset.UnixEpoch.AddSeconds(happened.GetProperty("t").GetDouble()));
}
