using System.Diagnostics;
using GpuWatch.Core.Alert;
using GpuWatch.Core.Sample;
using GpuWatch.Core.Units;
using GpuWatch.Notify;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Notify;

/// <summary>With real processes: a shell that writes down each SIGUSR1 it gets.</summary>
public sealed class SignalChannelTests : IDisposable
{
    private const int Usr1 = 10;
    private readonly TemporaryFolder folder = new();
    private readonly Process job;

    public SignalChannelTests()
    {
        job = Process.Start(new ProcessStartInfo("/bin/bash",
            ["-c", "trap 'echo got >> \"$0\"' USR1; echo ready > \"$0\"; while :; do read -t 0.02 <> <(:) || :; done", folder.File("got")]))!;
    }

    public void Dispose()
    {
        job.Kill();
        job.WaitForExit();
        job.Dispose();
        folder.Dispose();
    }

    [LinuxFact]
    public async Task The_job_gets_its_signal_once()
    {
        await ReadyAsync();
        var channel = Channel();
        channel.Accept(SweepOf(job.Id, startTicks: null));
        Assert.Equal(Delivery.Done, await channel.SendAsync([new(SomeAlert.Raised(pid: job.Id))], default));

        await Eventually.HoldsAsync(() => Got() == 1, 30, "the trap ran");
    }

    [LinuxFact]
    public async Task Only_a_critical_risk_of_running_out_of_memory_is_told()
    {
        await ReadyAsync();
        var channel = Channel();
        channel.Accept(SweepOf(job.Id, null));
        await channel.SendAsync([new(SomeAlert.Raised(Severity.Warning, pid: job.Id)), new(SomeAlert.Raised(pid: job.Id, kind: AlertKind.Leak)), new(SomeAlert.Resolved(pid: job.Id))], default);
        Assert.Equal(Delivery.Done, await channel.SendAsync([new(SomeAlert.Raised(pid: job.Id))], default));

        await Eventually.HoldsAsync(() => Got() == 1, 30, "only the last one signalled");
    }

    [LinuxFact]
    public async Task Another_process_of_the_same_number_is_left_alone()
    {
        await ReadyAsync();
        var channel = Channel();
        channel.Accept(SweepOf(job.Id, startTicks: new ProcFs().Read(job.Id)!.StartTicks - 1));
        var delivery = await channel.SendAsync([new(SomeAlert.Raised(pid: job.Id))], default);

        Assert.Contains("another process", delivery.Problem);
        Assert.Equal(0, Got());
    }

    [LinuxFact]
    public async Task Another_users_process_is_left_alone()
    {
        await ReadyAsync();
        var channel = new SignalChannel(new SignalOptions(Usr1, ["somebody-else"], null));
        channel.Accept(SweepOf(job.Id, null));
        var delivery = await channel.SendAsync([new(SomeAlert.Raised(pid: job.Id))], default);

        Assert.Contains("none of the users", delivery.Problem);
        Assert.Equal(0, Got());
    }

    /// <summary>Not by its name alone: a process that really is another user's.</summary>
    [RootFact]
    public async Task A_process_that_runs_as_another_user_is_left_alone_unless_that_user_is_named()
    {
        File.WriteAllText(folder.File("theirs"), "");
        Assert.Equal(0, Tool.Run("chmod", ["-R", "a+rwx", folder.Path]).Code);
        using var theirs = Process.Start(new ProcessStartInfo("setpriv", ["--reuid=nobody", "--clear-groups", "/bin/bash",
            "-c", "trap 'echo got >> \"$0\"' USR1; echo ready > \"$0\"; while :; do read -t 0.02 <> <(:) || :; done", folder.File("theirs")]))!;
        try
        {
            await Eventually.HoldsAsync(() => new FileInfo(folder.File("theirs")).Length > 0, 30, "it has set its trap");
            var channel = Channel();
            channel.Accept(SweepOf(theirs.Id, null));
            Assert.Contains("none of the users", (await channel.SendAsync([new(SomeAlert.Raised(pid: theirs.Id))], default)).Problem);

            channel = new SignalChannel(new SignalOptions(Usr1, ["nobody"], null));
            channel.Accept(SweepOf(theirs.Id, null));
            Assert.Equal(Delivery.Done, await channel.SendAsync([new(SomeAlert.Raised(pid: theirs.Id))], default));
            await Eventually.HoldsAsync(() => File.ReadAllLines(folder.File("theirs")).SequenceEqual(["ready", "got"]), 30, "it got the one signal that was allowed");
        }
        finally
        {
            theirs.Kill();
            theirs.WaitForExit();
        }
    }

    [LinuxFact]
    public async Task A_process_that_never_was_on_the_GPU_is_left_alone_and_one_that_is_gone_is_no_fault()
    {
        await ReadyAsync();
        var channel = Channel();
        Assert.True((await channel.SendAsync([new(SomeAlert.Raised(pid: job.Id))], default)).IsFinal);
        Assert.Equal(0, Got());
        Assert.Contains("is gone", ProcessSignal.Send(int.MaxValue - 7, 1, ["root"], Usr1));
    }

    [LinuxFact]
    public async Task A_file_can_be_touched_instead()
    {
        var channel = new SignalChannel(new SignalOptions(null, [], folder.File("save-{pid}-{gpu}")));
        channel.Accept(SweepOf(job.Id, null));
        Assert.Equal(Delivery.Done, await channel.SendAsync([new(SomeAlert.Raised(pid: job.Id))], default));

        Assert.True(File.Exists(folder.File($"save-{job.Id}-0")));
    }

    private static SignalChannel Channel() => new(new SignalOptions(Usr1, [Environment.UserName], null));

    private static Sweep SweepOf(int pid, long? startTicks) => new(1, [GpuOutcome.Of(
        new GpuFrame(1, 0, Bytes.FromGiB(16), Bytes.FromGiB(1), null, null, [new ProcessReading(pid, Bytes.FromGiB(1), StartTicks: startTicks)]))]);

    private int Got() => File.ReadAllLines(folder.File("got")).Count(line => line == "got");

    private Task ReadyAsync() => Eventually.HoldsAsync(() => File.Exists(folder.File("got")) && new FileInfo(folder.File("got")).Length > 0, 30, "the job has set its trap");
}
