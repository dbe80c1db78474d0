using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Alert;
using GpuWatch.Notify;
using GpuWatch.Options;
using GpuWatch.Show;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Notify;

public sealed class ChannelTests
{
    private static readonly NoticeText Text = new("node-1", pid => pid == 42 ? "<!channel> \u001b[31m" : null);

    [Fact]
    public async Task A_webhook_gets_the_events_and_a_signature_that_only_the_secret_can_make()
    {
        await using var receiver = await Receiver.StartAsync();
        using var channel = new WebhookChannel(new Secret(receiver.Url.ToString()), new Secret("k3y"), "node-1", EventJson.Write, TimeProvider.System);
        Assert.Equal(Delivery.Done, await channel.SendAsync([new(SomeAlert.Raised()), new(SomeAlert.Resolved())], default));

        var post = Assert.Single(receiver.Posts);
        var body = JsonDocument.Parse(post.Body).RootElement;
        Assert.Equal(["alert", "resolved"], body.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("event").GetString()));
        Assert.Equal("oom-risk", body.GetProperty("events")[0].GetProperty("kind").GetString());
        var signed = post.Headers["X-GpuWatch-Timestamp"] + "." + post.Text;
        Assert.Equal("sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("k3y"u8, Encoding.UTF8.GetBytes(signed))), post.Headers["X-GpuWatch-Signature"]);
    }

    /// <summary>Signed here as the description says and by another program's hand.</summary>
    [ToolFact("openssl")]
    public async Task OpenSSL_makes_the_same_signature_from_what_the_receiver_got()
    {
        await using var receiver = await Receiver.StartAsync();
        using var channel = new WebhookChannel(new Secret(receiver.Url.ToString()), new Secret("k3y with spaces"), "node-1", EventJson.Write, TimeProvider.System);
        await channel.SendAsync([new(SomeAlert.Raised(reason: "naïve 🙂"))], default);

        var post = Assert.Single(receiver.Posts);
        var (code, output) = Tool.Run("openssl", ["dgst", "-sha256", "-hmac", "k3y with spaces", "-hex"], input: post.Headers["X-GpuWatch-Timestamp"] + "." + post.Text);
        Assert.Equal(0, code);
        Assert.Equal("sha256=" + output.Trim().Split(' ')[^1], post.Headers["X-GpuWatch-Signature"]);
    }

    [Fact]
    public async Task Nothing_of_a_webhooks_address_is_in_what_is_said_of_its_trouble_and_its_password_is_sent_as_one()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Status = 503;
        using var channel = new WebhookChannel(new Secret($"http://me:pa%40ss@{receiver.Url.Authority}/s3cr3t"), null, "node-1", EventJson.Write, TimeProvider.System);
        var delivery = await channel.SendAsync([new(SomeAlert.Raised())], default);

        Assert.Equal("the webhook answers HTTP 503", delivery.Problem);
        Assert.Equal("Basic " + Convert.ToBase64String("me:pa@ss"u8), Assert.Single(receiver.Posts).Headers["Authorization"]);
    }

    [Theory]
    [InlineData(503, false)]
    [InlineData(429, false)]
    [InlineData(401, false)]
    [InlineData(400, true)]
    [InlineData(302, true)]
    public async Task What_may_heal_is_tried_again_and_what_is_refused_is_not(int status, bool isFinal)
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Status = status;
        using var channel = new WebhookChannel(new Secret(receiver.Url.ToString()), null, "node-1", EventJson.Write, TimeProvider.System);
        var delivery = await channel.SendAsync([new(SomeAlert.Raised())], default);

        Assert.Equal(isFinal, delivery.IsFinal);
        Assert.Contains($"HTTP {status}", delivery.Problem);
    }

    [Fact]
    public async Task Alertmanager_is_told_the_end_of_the_lower_severity_when_it_rises()
    {
        await using var receiver = await Receiver.StartAsync();
        using var channel = new AlertmanagerChannel(receiver.Url, null, Text, TimeProvider.System);
        await channel.SendAsync([new(SomeAlert.Raised(Severity.Critical), Was: Severity.Warning)], default);

        var post = Assert.Single(receiver.Posts);
        Assert.Equal("/api/v2/alerts", post.Path);
        var alerts = JsonDocument.Parse(post.Body).RootElement.EnumerateArray().ToList();
        Assert.Equal(["warning", "critical"], alerts.Select(alert => alert.GetProperty("labels").GetProperty("severity").GetString()));
        Assert.Equal([true, false], alerts.Select(alert => alert.GetProperty("endsAt").GetDateTimeOffset() <= DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task Slack_can_be_made_to_mention_nobody_and_a_terminal_to_do_nothing()
    {
        await using var receiver = await Receiver.StartAsync();
        using var channel = new SlackChannel(new Secret(receiver.Url.ToString()), Text);
        await channel.SendAsync([new(SomeAlert.Raised())], default);

        var text = JsonDocument.Parse(Assert.Single(receiver.Posts).Body).RootElement.GetProperty("text").GetString()!;
        Assert.Contains("CRITICAL oom-risk: node-1 gpu 0, process 42 (&lt;!channel&gt; ·[31m): Memory runs out in 8 s.", text);
    }

    [Fact]
    public async Task A_command_gets_the_events_on_its_input_and_none_of_the_agents_secrets()
    {
        using var folder = new TemporaryFolder();
        Environment.SetEnvironmentVariable("GPUWATCH_TEST_TOKEN", "s3cr3t");
        var script = folder.File("hook.sh", "#!/bin/sh\ncat > \"$1\"\nenv >> \"$1\"\n");
        var channel = new CommandChannel(["/bin/sh", script, folder.File("out; touch evil")], EventJson.Write);
        Assert.Equal(Delivery.Done, await channel.SendAsync([new(SomeAlert.Raised(reason: "$(touch evil); `id`"))], default));

        var lines = File.ReadAllLines(folder.File("out; touch evil"));
        Assert.Equal("$(touch evil); `id`", JsonDocument.Parse(lines[0]).RootElement.GetProperty("reason").GetString());
        Assert.DoesNotContain(lines, line => line.Contains("s3cr3t"));
    }

    [Fact]
    public async Task A_command_that_fails_or_hangs_is_a_problem_of_the_channel_alone()
    {
        Assert.Equal("/bin/false ends with exit code 1", (await new CommandChannel(["/bin/false"], EventJson.Write).SendAsync([new(SomeAlert.Raised())], default)).Problem);
        using var stop = new CancellationTokenSource(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new CommandChannel(["/bin/sleep", "60"], EventJson.Write).SendAsync([new(SomeAlert.Raised())], stop.Token));
    }
}
