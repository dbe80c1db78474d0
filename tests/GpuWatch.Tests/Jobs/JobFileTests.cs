using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;
using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

public sealed class JobFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gpuwatch-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("micro_bach: 4", 1, "micro_batch")]
    [InlineData("method: lora\nmicro_batch: 0", 2, "at least 1")]
    [InlineData("method: lora\nmicro_batch: four", 2, "whole number")]
    [InlineData("method: lorra", 1, "lora")]
    [InlineData("hidden: 4096\n\nheads: 30", 3, "not divisible")]
    [InlineData("hidden: 4096\nheads: 32\nkv_heads: 5", 3, "does not divide")]
    [InlineData("model_name: Llama-2-7B\nkv_heads: 5", 2, "does not divide")]
    [InlineData("parallelism: zero3\nnum_gpus: 1", 1, "at least 2")]
    [InlineData("parallelism: fsdp-full", 1, "num_gpus is not given")]
    [InlineData("parallelism: tp8\nnum_gpus: 4", 2, "multiple of 8")]
    [InlineData("parallelism: zero9", 1, "zero3")]
    [InlineData("method: full\nquant_bits: 4", 2, "quantised")]
    [InlineData("method: full\nweight_dtype: nf4+bf16", 2, "quantised")]
    [InlineData("method: full\nlora_rank: 8", 2, "no adapters")]
    [InlineData("fused_ce: yes\ncross_entropy: hf", 1, "contradicts")]
    [InlineData("experts: 4\nexperts_per_token: 8", 2, "exceeds")]
    [InlineData("quant_bits: 5", 1, "8, 4 or 2")]
    [InlineData("model_name: Llama-2-7B\nhf_id: Qwen/Qwen2.5-0.5B", 2, "another model than Llama-2-7B")]
    [InlineData("gpu_mem_gb: 4090", 1, "at most 1024")]
    [InlineData("lora_dropout: 1.5", 1, "below 1")]
    [InlineData("amp: perhaps", 1, "yes or no")]
    [InlineData("offload: moon", 1, "optimizer")]
    [InlineData("method: lora\nmethod: full", 2, "")]
    [InlineData("method: {a: b}", 1, "mapping")]
    [InlineData("- method", 1, "mapping")]
    [InlineData("method: [lora", 2, "")]
    [InlineData("method: [[lora]]", 1, "nested")]
    [InlineData("method: &x lora\nlora_targets: *x", 2, "alias")]
    [InlineData("? [a]\n: b", 1, "not a word")]
    [InlineData("method: lora\n---\nmethod: full", 2, "second document")]
    [InlineData("", 1, "mapping")]
    [InlineData("{\"method\": \"lora\",\n \"micro_batch\": -1}", 2, "at least 1")]
    public void A_mistake_in_a_job_file_is_told_with_its_line(string text, int line, string told)
    {
        var path = Write("job.yaml", text);

        var bad = Assert.Throws<BadInputException>(() => JobFile.Read(path));

        Assert.Equal($"{path}:{line}", bad.Place);
        Assert.Contains(told, bad.Message);
        Assert.DoesNotContain('\n', bad.Message);
    }

    [Theory]
    [InlineData("method: ", "[")]
    [InlineData("", "{\"a\":")]
    public void However_deep_a_file_is_nested_it_is_only_bad_input(string start, string nested) =>
        Assert.Throws<BadInputException>(() => JobFile.Read(Write("deep", start + string.Concat(Enumerable.Repeat(nested, 100_000)))));

    [Fact]
    public void A_binary_a_missing_or_a_huge_file_is_told_by_its_name()
    {
        var binary = Path.Combine(folder.FullName, "binary");
        File.WriteAllBytes(binary, [0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28]);
        var huge = Write("huge", new string('#', 2_000_000));

        Assert.StartsWith(binary, Assert.Throws<BadInputException>(() => JobFile.Read(binary)).Message);
        Assert.StartsWith(huge, Assert.Throws<BadInputException>(() => JobFile.Read(huge)).Message);
        Assert.StartsWith("none.yaml", Assert.Throws<BadInputException>(() => JobFile.Read("none.yaml")).Message);
    }

    [Fact]
    public void What_is_written_as_YAML_or_as_CSV_is_read_as_the_same_job() =>
        Prop.ForAll(SomeJobs.Any.ToArbitrary(), job =>
            ReadYaml(job) == job && ReadCsv(job) == job)
        .QuickCheckThrowOnFailure();

    [SharedDataFact]
    public void Every_declared_job_of_the_recordings_can_be_read_and_its_shape_counted()
    {
        var files = Directory.GetFiles(Path.Combine(SharedData.Folder!, "jobs"), "*.job.json");
        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            var (job, _, error) = ModelShape.Complete(JobFile.Read(file));
            Assert.Null(error);
            Assert.NotNull(ParameterCount.Of(job!.Architecture));
        });
    }

    [Fact]
    public void A_config_json_gives_the_shape_and_the_job_file_wins_over_it()
    {
        var config = Write("config.json", """{"model_type":"gpt2","n_embd":768,"n_head":12,"n_layer":12,"n_positions":1024,"vocab_size":50257}""");
        var job = JobFile.Read(Write("job.yaml", $"hf_id: {config}\nlayers: 6"));

        Assert.Equal((768, 6, "gpt2"), (job.Architecture.Hidden, job.Architecture.Layers, job.Architecture.Block));
    }

    [Theory]
    [InlineData("model_name: Mistral-7B-v0.1\nhf_id: mistralai/Mistral-7B-v0.1")]
    [InlineData("model_name: my model\nhf_id: Qwen/Qwen2.5-0.5B")]
    [InlineData("model_name: vicuna-7b\nhf_id: huggyllama/llama-7b")]
    public void Two_names_of_one_model_are_no_contradiction(string text) => Assert.NotNull(JobFile.Read(Write("job.yaml", text)).HfId);

    private Job ReadYaml(Job job) => JobFile.Read(Write("job.yaml", string.Concat(
        JobKeys.All.Where(key => key.Get(job) is not null).Select(key => $"{key.Name}: \"{Escaped(key.Get(job)!)}\"\n"))));

    private Job? ReadCsv(Job job)
    {
        var text = $"{string.Join(',', JobKeys.All.Select(key => key.Name))}\r\n"
            + $"{string.Join(',', JobKeys.All.Select(key => $"\"{key.Get(job)?.Replace("\"", "\"\"")}\""))}\r\n";
        var path = Write("jobs.csv", text);
        using var table = JobTable.Open(path);
        return table.Rows(path).Single().Job;
    }

    private static string Escaped(string text) => text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
