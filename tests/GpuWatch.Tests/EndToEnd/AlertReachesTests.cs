using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.EndToEnd;

/// <summary>Issue 5: a predicted OOM on the simulated node reaches Alertmanager, a webhook and the job, each within 2 s of the event, once.</summary>
[Trait("Category", "Servers")]
public sealed class AlertReachesTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [ToolFact("prometheus-alertmanager", "bash")]
    public async Task A_predicted_OOM_reaches_Alertmanager_a_webhook_and_the_job_within_2_s_once()
    {
        await using var pager = await Receiver.StartAsync();
        await using var webhook = await Receiver.StartAsync();
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
            using var agent = AgentProcess.Start(Config(alertmanager.Url, webhook.Url), SomeJob.Loading(folder, job.Id), "--job", SomeJob.TooLarge(folder), "--listen", "none", "--period", "100ms", "--for", "25s");
            await Eventually.HoldsAsync(() => Critical(agent) is not null, 30, "the agent raised it: " + string.Join("; ", agent.Errors));
            await Eventually.HoldsAsync(() => Firing(pager) > 0 && !webhook.Posts.IsEmpty && File.Exists(folder.File("got")), 10, "all were told");
            // Long enough for a second one to be seen.
            await Task.Delay(Limit);

            var happened = Critical(agent)!.Value;
            Assert.Equal(1, Firing(pager));
            Assert.Equal(1, webhook.Posts.Sum(post => Events(post.Text).Count(IsCritical)));
            var signalled = DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(Assert.Single(File.ReadAllLines(folder.File("got"))), CultureInfo.InvariantCulture));
            Assert.InRange(webhook.Posts.First(post => Events(post.Text).Any(IsCritical)).At - happened, TimeSpan.Zero, Limit);
            Assert.InRange(pager.Posts.First(post => post.Text.Contains("critical")).At - happened, TimeSpan.Zero, Limit);
            Assert.InRange(signalled - happened, TimeSpan.Zero, Limit);
            Assert.Contains("\"severity\":\"critical\"", await alertmanager.GetAsync("api/v2/alerts"));
        }
        finally
        {
            job.Kill();
            job.WaitForExit();
        }
    }

    private string Config(Uri alertmanager, Uri webhook) => folder.File("gpuwatch.yaml", $"""
        alertmanager: {"{"} url: '{alertmanager}' {"}"}
        webhook: {"{"} url: '{webhook}' {"}"}
        signal: {"{"} name: SIGUSR1 {"}"}
        alerts: {"{"} at_least: critical {"}"}
        """);

    private static int Firing(Receiver pager) => pager.Posts
        .SelectMany(post => JsonDocument.Parse(post.Body).RootElement.GetProperty("alerts").EnumerateArray())
        .Count(alert => alert.GetProperty("status").GetString() == "firing" && alert.GetProperty("labels").GetProperty("severity").GetString() == "critical");

    private static IEnumerable<JsonElement> Events(string body) => JsonDocument.Parse(body).RootElement.GetProperty("events").EnumerateArray();

    private static bool IsCritical(JsonElement happened) =>
        happened.GetProperty("event").GetString() == "alert" && happened.GetProperty("severity").GetString() == "critical" && happened.GetProperty("kind").GetString() == "oom-risk";

    private static DateTimeOffset? Critical(AgentProcess agent) => agent.Output
        .Where(line => line.StartsWith('{'))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(IsCritical)
        .Select(happened => (DateTimeOffset?)DateTimeOffset.UnixEpoch.AddSeconds(happened.GetProperty("t").GetDouble()))
        .FirstOrDefault();
}
