using GpuWatch.Jobs;
using GpuWatch.Sampling;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

public sealed class JobFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> said = [];
    private readonly ProcessFacts process = new(4242, Name: "python", CommandLine: "/usr/bin/python /home/anna/train_sft.py --bs 4", User: "anna", SlurmJob: "777");

    [Fact]
    public void The_closest_description_wins()
    {
        foreach (var (name, batch) in new[] { ("anna.yaml", 1), ("python.yml", 2), ("train_sft.json", 3), ("777.yaml", 4), ("4242.yaml", 5) })
        {
            folder.File(name, $"{{ \"micro_batch\": {batch} }}");

            Assert.Equal(batch, Of(process)!.MicroBatch);
        }
    }

    [Fact]
    public void A_script_is_found_with_its_ending_too()
    {
        folder.File("train_sft.py.yaml", "micro_batch: 8");

        Assert.Equal(8, Of(process)!.MicroBatch);
    }

    [Fact]
    public void A_stranger_has_no_job_and_other_files_are_no_jobs()
    {
        folder.File("bob.yaml", "micro_batch: 8");
        folder.File("anna.txt", "micro_batch: 8");

        Assert.Null(Of(process));
        Assert.Empty(said);
    }

    [Fact]
    public void A_file_that_is_wrong_is_told_with_its_line_and_passed_over()
    {
        var file = folder.File("anna.yaml", "micro_batch: many");

        Assert.Null(Of(process));
        Assert.StartsWith(file + ":1: ", Assert.Single(said));
    }

    private Core.Jobs.Job? Of(ProcessFacts facts) => new JobFolder(folder.Path, said.Add).Of(facts);

    public void Dispose() => folder.Dispose();
}
