using System.Text.Json;
using GpuWatch.Commands;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Cost;
using GpuWatch.Core.Estimate.Explain;
using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class EstimateCommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gpuwatch-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void One_screen_tells_peak_time_parts_fit_certainty_and_what_to_change()
    {
        var (code, output, error) = Gpuwatch.Run(
            "estimate", "--model", "meta-llama/Llama-2-7b-hf", "--method", "qlora", "--micro-batch", "4", "--seq-len", "2048", "--gpu-mem-gb", "24");

        Assert.Equal((0, ""), (code, error));
        var lines = output.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 8, 24);
        Assert.All((string[])["peak ", "sure ", "fits ", "made of ", "phases ", "change "], label => Assert.Contains(lines, line => line.StartsWith(label, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("--model:", "did you mean", "--model", "meta-llama/Lama-3-8B")]
    [InlineData("--heads", "not divisible", "--hidden", "4096", "--heads", "30")]
    [InlineData("--hidden", "heads is not given", "--model", "Llama-2-7B", "--hidden", "4097")]
    [InlineData("--heads", "not divisible", "--model", "Llama-2-7B", "--hidden", "4097", "--heads", "32")]
    [InlineData("--experts-per-token", "has no experts", "--model", "Llama-2-7B", "--experts-per-token", "2")]
    [InlineData("--expert-intermediate", "has no experts", "--model", "Llama-2-7B", "--expert-intermediate", "512")]
    [InlineData("--kv-heads", "does not divide", "--model", "gpt2", "--kv-heads", "5")]
    [InlineData("--micro-batch", "at least 1", "--model", "gpt2", "--micro-batch", "0")]
    [InlineData("--parallelism", "at least 2", "--model", "gpt2", "--parallelism", "zero3", "--num-gpus", "1")]
    [InlineData("--quant-bits", "qlora", "--model", "gpt2", "--method", "full", "--quant-bits", "4")]
    [InlineData("--method", "qlora", "--model", "gpt2", "--method", "qlroa")]
    [InlineData("--fits", "is not known", "--model", "gpt2", "--fits", "RTX 9999")]
    [InlineData("--fits", "at most 1024", "--model", "gpt2", "--fits", "40900")]
    [InlineData("--hf-id", "another model", "--model", "Llama-2-7B", "--hf-id", "Qwen/Qwen2.5-0.5B")]
    [InlineData("--fits", "not answered with --formula", "--model", "gpt2", "--formula", "four-part", "--fits", "8")]
    [InlineData("--advise", "not answered with --batch", "--batch", "jobs.csv", "--advise")]
    [InlineData("--samples", "not answered with --batch", "--batch", "jobs.csv", "--samples", "10")]
    [InlineData("--formula", "four-part", "--model", "gpt2", "--formula", "fourpart")]
    [InlineData("--cost", "--samples", "--model", "gpt2", "--cost")]
    [InlineData("--mfu", "at most 1", "--model", "gpt2", "--cost", "--samples", "1", "--mfu", "2")]
    [InlineData("--samples: it is 'many'", "expected a number;", "--model", "gpt2", "--cost", "--samples", "many")]
    [InlineData("--samples: it is 1E+300", "at most 1000000000000", "--model", "gpt2", "--cost", "--samples", "1e300")]
    [InlineData("--samples: it is 1.5", "whole", "--model", "gpt2", "--cost", "--samples", "1.5")]
    [InlineData("--retry: it is 0.1", "at least 1", "--model", "gpt2", "--cost", "--samples", "1", "--retry", "0.1")]
    [InlineData("--batch", "either", "--model", "gpt2", "--batch", "x.csv")]
    [InlineData("none.csv", "readable", "--batch", "none.csv")]
    [InlineData("none.yaml", "readable", "--job", "none.yaml")]
    [InlineData("", "table", "--model", "gpt2", "--output", "xml")]
    [InlineData("estimate", "no job")]
    public void Bad_input_is_one_line_on_stderr_with_its_place_and_exit_code_2(string place, string told, params string[] arguments)
    {
        var (code, output, error) = Gpuwatch.Run(["estimate", .. arguments]);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"gpuwatch: {place}", error);
        Assert.Contains(told, error);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("hf_id: meta-llama/Llama-3.1-8B", "--model", "gpt2")]
    [InlineData("model_name: Llama-3.1-8B", "--hf-id", "openai-community/gpt2")]
    public void A_model_flag_takes_the_place_of_the_files_model_whatever_its_name_was_there(string model, string flag, string name)
    {
        var file = Write("job.yaml", $"{model}\nmethod: lora\nlora_rank: 16\nmicro_batch: 2\nseq_len: 1024\n");

        var (code, output, error) = Gpuwatch.Run("estimate", "--job", file, flag, name, "--output", "ndjson");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(
            Gpuwatch.Run("estimate", "--model", "gpt2", "--method", "lora", "--lora-rank", "16", "--micro-batch", "2", "--seq-len", "1024", "--output", "ndjson").Out, output);
    }

    [Fact]
    public void Files_that_cannot_be_read_are_told_with_one_punctuation_mark()
    {
        var (_, _, error) = Gpuwatch.Run("estimate", "--job", "/nowhere/job.yaml");

        Assert.DoesNotContain(".;", error);
        Assert.Contains("; expected", error);
    }

    [Fact]
    public void Fits_answers_by_exit_code()
    {
        Assert.Equal(0, Gpuwatch.Run("estimate", "--model", "gpt2", "--method", "full", "--micro-batch", "1", "--seq-len", "128", "--fits", "A100-80GB").Code);
        Assert.Equal(3, Gpuwatch.Run("estimate", "--model", "Llama-2-70B", "--method", "full", "--fits", "24").Code);
    }

    [Theory]
    [InlineData("say --gpu-mem-gb, --gpu-name or --fits")]
    [InlineData("the GPU 'RTX 9999' is not known; say --gpu-mem-gb", "--gpu-name", "RTX 9999")]
    [InlineData("yes: RTX-4090 has 23.7 GiB", "--gpu-name", "NVIDIA GeForce RTX 4090")]
    public void The_table_says_what_it_does_not_know_of_the_card(string told, params string[] card) =>
        Assert.Contains($"fits       {told}", Gpuwatch.Run(["estimate", "--model", "gpt2", "--method", "full", "--micro-batch", "1", "--seq-len", "128", .. card]).Out);

    [Fact]
    public void A_formula_answers_instead_of_the_plan_for_a_job_and_for_a_batch()
    {
        var file = Write("jobs.csv", "id,params_b,method\na,7,full\nb,7,lora\n");

        Assert.Contains("112.00 GB", Gpuwatch.Run("estimate", "--params-b", "7", "--method", "full", "--formula", "16x").Out);
        var rows = Gpuwatch.Run("estimate", "--batch", file, "--formula", "16x").Out.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(112_000_000_000, rows[0].GetProperty("total_bytes").GetInt64());
        Assert.Contains("full fine-tuning only", rows[1].GetProperty("error").GetString());
    }

    [Fact]
    public void Advice_cost_and_the_rules_of_others_are_added_when_they_are_asked_for()
    {
        var (code, output, error) = Gpuwatch.Run(
            "estimate", "--model", "Llama-3.1-8B", "--method", "full", "--weight-dtype", "bf16", "--micro-batch", "4", "--seq-len", "2048", "--gpu-name", "A100-80GB",
            "--advise", "--cost", "--samples", "10000", "--epochs", "3", "--price", "2", "--compare", "--explain", "--output", "json");
        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(7500, root.GetProperty("cost").GetProperty("steps").GetInt64());
        Assert.Equal(root.GetProperty("cost").GetProperty("gpu_hours").GetDouble() * 2, root.GetProperty("cost").GetProperty("money").GetDouble(), 6);
        Assert.Equal(AllPresets.List.Length, root.GetProperty("compared").GetArrayLength());
        Assert.All(root.GetProperty("components").EnumerateObject(), component => Assert.Equal(component.Value.GetInt64(), root.GetProperty("terms").EnumerateArray()
            .Where(term => term.GetProperty("component").GetString() == component.Name).Sum(term => term.GetProperty("value_bytes").GetInt64())));
        Assert.All(root.GetProperty("advice").EnumerateArray(), advised => Assert.Equal(
            Peak(json) - advised.GetProperty("saves_bytes").GetInt64(), advised.GetProperty("peak_device_bytes").GetInt64()));
        Assert.Contains(root.GetProperty("advice").EnumerateArray(), advised => advised.GetProperty("fits").GetBoolean());
    }

    [Fact]
    public void Samples_are_counted_in_powers_of_ten_too() => Assert.Equal(
        Gpuwatch.Run("estimate", "--model", "gpt2", "--cost", "--samples", "100000", "--output", "json"), Gpuwatch.Run("estimate", "--model", "gpt2", "--cost", "--samples", "1e5", "--output", "json"));

    [Theory]
    [InlineData("model", "did you mean model_name?")]
    [InlineData("batch", "did you mean eval_batch or micro_batch?")]
    [InlineData("micro_bach", "did you mean micro_batch,")]
    public void A_key_that_is_half_of_anothers_name_leads_to_it(string key, string told) =>
        Assert.Contains(told, Gpuwatch.Run("estimate", "--job", Write("job.yaml", $"{key}: gpt2\n")).Error, StringComparison.Ordinal);

    [Fact]
    public void A_flag_wins_over_the_job_file()
    {
        var file = Write("job.yaml", "model_name: gpt2\nmethod: full\nmicro_batch: 1\nseq_len: 128\nid: mine");
        using var fromFile = JsonDocument.Parse(Gpuwatch.Run("estimate", "--job", file, "--output", "json").Out);
        using var withFlag = JsonDocument.Parse(Gpuwatch.Run("estimate", "--job", file, "--micro-batch", "8", "--output", "json").Out);

        Assert.Equal("mine", withFlag.RootElement.GetProperty("id").GetString());
        Assert.True(Peak(withFlag) > Peak(fromFile));
    }

    [Fact]
    public void A_batch_prints_a_line_a_row_in_order_and_an_error_does_not_stop_it()
    {
        var file = Write("jobs.csv", "id,model_name,method,micro_batch,seq_len,comment,amp\r\na,gpt2,full,1,128,\"hello, \"\"you\"\"\",no\r\nb,no-such-model,full,1,128,,\r\nc,gpt2,full,0,128,,\r\n\r\nd,gpt2,lora,1,128,,perhaps\r\n");
        var (code, output, error) = Gpuwatch.Run("estimate", "--batch", file, "--output", "ndjson");

        var rows = output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(0, code);
        Assert.Equal(["a", "b", "c", "d"], rows.Select(row => row.GetProperty("id").GetString()!));
        Assert.Equal([false, true, true, false], rows.Select(row => row.TryGetProperty("error", out _)));
        Assert.Contains("jobs.csv:4", rows[2].GetProperty("error").GetString());
        Assert.Contains("amp 'perhaps'", rows[3].GetProperty("warnings")[0].GetString());
        Assert.Equal($"gpuwatch: {file}:1: columns passed over: comment\n", error);
    }

    [Theory]
    [InlineData("a,gpt2,full\nb,nobody,full\nc,gpt2,lora\n")]
    [InlineData("a,gpt2,full\n")]
    [InlineData("")]
    public void A_batch_as_JSON_is_one_array_of_what_it_is_in_lines(string rows)
    {
        var file = Write("jobs.csv", $"id,model_name,method\n{rows}");
        foreach (var rule in (string[][])[[], ["--formula", "four-part"]])
        {
            using var array = JsonDocument.Parse(Gpuwatch.Run(["estimate", "--batch", file, "--output", "json", .. rule]).Out);
            var lines = Gpuwatch.Run(["estimate", "--batch", file, "--output", "ndjson", .. rule]).Out;
            Assert.Equal(lines, string.Concat(array.RootElement.EnumerateArray().Select(element => element.GetRawText() + "\n")));
        }
    }

    [Theory]
    [InlineData("ndjson", 3)]
    [InlineData("csv", 4)]
    public void A_row_that_finds_a_bug_has_it_as_its_error_and_the_others_are_answered(string form, int lines)
    {
        var file = Write("jobs.csv", "id,model_name\na,gpt2\nb,gpt2\nc,gpt2\n");
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var around = new Surroundings(output, error, false, _ => null, TimeProvider.System, System.Reactive.Concurrency.Scheduler.Default, CancellationToken.None);

        var code = EstimateBatch.Run(file, form, null, job => job.Id == "c" ? Estimator.Estimate(job) : throw new InvalidCastException("a bug"), around);

        var rows = output.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal((0, lines), (code, rows.Length));
        Assert.All(rows[^3..^1], row => Assert.Contains("a fault of gpuwatch itself: a bug", row, StringComparison.Ordinal));
        Assert.DoesNotContain("fault", rows[^1], StringComparison.Ordinal);
        Assert.Equal($"gpuwatch: {file}:2: a fault of gpuwatch itself: a bug\n", error.ToString());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a,b\n1,2\n", "no column")]
    [InlineData("method,method\nfull,lora\n", "twice")]
    [InlineData("id,method\n1,\"full\n", "quote")]
    public void A_file_that_is_no_table_of_jobs_is_bad_input(string text, string told)
    {
        var (code, _, error) = Gpuwatch.Run("estimate", "--batch", Write("jobs.csv", text));

        Assert.Equal(2, code);
        Assert.Contains(told, error);
    }

    [Fact]
    public void The_components_of_every_estimate_sum_to_the_device_peak()
    {
        using var json = JsonDocument.Parse(Gpuwatch.Run("estimate", "--model", "Qwen2.5-0.5B", "--method", "full", "--output", "ndjson").Out);

        Assert.Equal(Peak(json), json.RootElement.GetProperty("components").EnumerateObject().Sum(part => part.Value.GetInt64()));
    }

    [Theory]
    [InlineData("table", "estimate.txt")]
    [InlineData("json", "estimate.json")]
    [InlineData("csv", "estimate.csv")]
    public void An_answer_looks_as_it_always_did(string form, string golden)
    {
        var job = new Job
        {
            Id = "x", ModelName = "Llama-2-7B", Method = "full", WeightDtype = "bf16", MicroBatch = 8, SeqLen = 1024, Attention = "flash", NumGpus = 2, Parallelism = "ddp", GpuName = "A100-80GB", GradCheckpointing = "full",
        };
        var plan = SomePlan.OfGiB(20);
        var question = new CostQuestion(1000, 2, null, 0.4, 2, 27.08, "CNY", "a guide");
        var answer = new Estimated(
            job, plan, Room.Of(job)!,
            GpuWatch.Core.Estimate.Advice.Advisor.Advise(job, plan, new("small", Bytes.FromGiB(17)), changed => SomePlan.OfGiB(changed.MicroBatch < 8 ? 15 : changed.FusedCe == true ? 18 : 20)),
            TrainingCost.Of(job, question), question, Terms:
            [
                new(Component.Weights, "weights", [Factor.Of("P", 1L << 31), Factor.Number("2 B", 2)], Bytes.FromGiB(4), "counted from the architecture"),
                new(Component.Context, "CUDA context and libraries", [Factor.Number("1 GiB", Bytes.GiBCount)], Bytes.FromGiB(1), "the profile"),
            ],
            [(AllPresets.Find("16x")!, AllPresets.Find("16x")!.Apply(PresetInput.Of(job).Input!)), (AllPresets.Find("inference-1.2x")!, AllPresets.Find("inference-1.2x")!.Apply(PresetInput.Of(job).Input!))]);
        var output = new StringWriter { NewLine = "\n" };

        EstimateOutput.Write(answer, form, advise: true, output);

        GoldenFile.Matches(golden, output.ToString());
    }

    private static long Peak(JsonDocument json) => json.RootElement.GetProperty("peak_device_bytes").GetInt64();

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
