using System.Collections.Immutable;
using System.Text.Json;
using GpuWatch.Core.Estimate;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

/// <summary>`--profile`: whoever estimates does so by the coefficients it names.</summary>
public sealed class ProfileFlagTests : IDisposable
{
    private const string Trace =
        "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes\n"
        + "0,0,7,900000000,900000000,17179869184,,\n1,0,7,900000000,900000000,17179869184,,\n";

    private const string Scene = """
        gpu 0 total=16GiB name="A"
        job 4242 gpu=0 start=0 name="python"
          at 0 1GiB

        """;

    private static readonly string[] Job = ["--model", "gpt2", "--method", "full", "--micro-batch", "1", "--seq-len", "128"];

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void An_estimate_of_one_job_is_made_by_the_profile() =>
        HasMoreContext(PeakOf(Estimate([.. Job, "--output", "json", "--profile", Doubled])) - PeakOf(Estimate([.. Job, "--output", "json"])));

    [Fact]
    public void So_is_every_row_of_a_batch()
    {
        string[] batch = ["--batch", folder.File("jobs.csv", "id,model_name,method,micro_batch,seq_len\na,gpt2,full,1,128\nb,gpt2,lora,1,128\n"), "--output", "ndjson"];
        var (shipped, ours) = (Lines(Estimate(batch)), Lines(Estimate([.. batch, "--profile", Doubled])));
        Assert.Equal(2, ours.Length);
        Assert.All(ours.Zip(shipped), pair => HasMoreContext(PeakOf(pair.First) - PeakOf(pair.Second)));
    }

    [Fact]
    public void So_is_the_plan_that_a_replay_holds_a_recording_against() =>
        HasMoreContext(Reconciled(Replay("--profile", Doubled)) - Reconciled(Replay()));

    [Fact]
    public void So_is_the_plan_that_the_agent_holds_a_process_against()
    {
        HasMoreContext(Reconciled(Agent("--profile", Doubled)) - Reconciled(Agent()));
        HasMoreContext(Reconciled(Agent("--config", folder.File("gpuwatch.yaml", $"estimate:\n  profile: {Doubled}\n"))) - Reconciled(Agent()));
    }

    [Theory]
    [InlineData("estimate")]
    [InlineData("replay")]
    [InlineData("agent")]
    public void A_file_that_is_no_profile_is_one_line_with_its_place_and_exit_code_2(string command)
    {
        var profile = folder.File("ours.json", "{\n\"format\": nonsense }");
        string[] arguments = command switch
        {
            "replay" => [folder.File("trace.csv", Trace)],
            "agent" => ["--for", "1s", "--listen", "none", "--store", "none"],
            _ => Job,
        };
        Assert.Equal(
            (2, "", $"gpuwatch: {profile}:2: this is not JSON; expected a file that `gpuwatch calibrate --out` wrote\n"),
            Gpuwatch.Run([command, .. arguments, "--profile", profile]));
        Assert.StartsWith("gpuwatch: /nowhere.json: ", Gpuwatch.Run([command, .. arguments, "--profile", "/nowhere.json"]).Error);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A profile whose context is one usual context of an unknown GPU larger.</summary>
    private string Doubled => folder.File("ours.json", ProfileJson.Write(Profile.Default with
    {
        Coefficients = Profile.Default.Coefficients.SetItem(
            (int)Knob.Context, Profile.Default.Coefficients[(int)Knob.Context] with { Value = Profile.Default[Knob.Context] + 1 }),
    }));

    /// <summary>0.6 GiB; sizes are whole bytes, so it may be one more.</summary>
    private static void HasMoreContext(long bytes) => Assert.InRange(bytes, 644_245_094, 644_245_095);

    private static string Estimate(params string[] arguments) => Out(Gpuwatch.Run(["estimate", .. arguments]));

    private string Replay(params string[] arguments) =>
        Out(Gpuwatch.Run(["replay", folder.File("trace.csv", Trace), "--job", JobPath, "--output", "ndjson", .. arguments]));

    private string Agent(params string[] arguments)
    {
        using var agent = new RunningAgent(
            folder.File("scene.scn", Scene), 1, ["--for", "1s", "--listen", "none", "--store", "none", "--job", JobPath, "--output", "ndjson", .. arguments]);
        var (code, output, _) = agent.End();
        Assert.Equal(0, code);
        return output;
    }

    private string JobPath => folder.File("job.yaml", "model_name: gpt2\nmethod: full\nmicro_batch: 1\nseq_len: 128\n");

    private static string Out((int Code, string Out, string Error) ran)
    {
        Assert.Equal(0, ran.Code);
        return ran.Out;
    }

    private static ImmutableArray<string> Lines(string text) => [.. text.TrimEnd('\n').Split('\n')];

    private static long PeakOf(string json) => JsonDocument.Parse(json).RootElement.GetProperty("peak_device_bytes").GetInt64();

    private static long Reconciled(string ndjson) =>
        JsonDocument.Parse(Lines(ndjson).Single(line => line.Contains("\"event\":\"reconciliation\"", StringComparison.Ordinal)))
            .RootElement.GetProperty("estimated_peak_bytes").GetInt64();
}
