using GpuWatch.Sampling;

namespace GpuWatch.Tests.Sampling;

public sealed class ProcFsTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gpuwatch-proc").FullName;

    [Fact]
    public void Tells_who_a_process_is()
    {
        Write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n");
        Write("proc/42/stat", "42 (python (train)) S 1 42 42 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 987654 0 0");
        Write("proc/42/cmdline", "python\0train.py\0--bs\08\0");
        Write("proc/42/status", "Name:\tpython\nUid:\t1000\t1000\t1000\t1000\n");
        Write("proc/42/environ", "HOME=/home/anna\0SLURM_JOB_ID=777\0");

        var facts = new ProcFs(root).Read(42);

        Assert.Equal(new ProcessFacts(42, 987654, "python (train)", "python train.py --bs 8", "anna", SlurmJob: "777"), facts);
    }

    [Theory]
    [InlineData("0::/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", null, null)]
    [InlineData("0::/kubepods.slice/kubepods-burstable-pod1a2b3c4d_0000_1111_2222_0123456789ab.slice/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "1a2b3c4d-0000-1111-2222-0123456789ab", null)]
    [InlineData("0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0", null, null, "4711")]
    [InlineData("4:memory:/slurm/uid_1000/job_12\n3:cpu:/", null, null, "12")]
    [InlineData("0::/user.slice/user-1000.slice", null, null, null)]
    public void Reads_container_pod_and_slurm_job_from_the_cgroup(string cgroup, string? container, string? pod, string? job)
    {
        Write("proc/42/stat", "42 (python) S");
        Write("proc/42/cgroup", cgroup + "\n");

        var facts = new ProcFs(root).Read(42)!;

        Assert.Equal((container, pod, job), (facts.Container, facts.Pod, facts.SlurmJob));
    }

    [Fact]
    public void A_slurm_job_is_found_behind_a_long_environment()
    {
        Write("proc/42/stat", "42 (python) S");
        Write("proc/42/environ", string.Concat(Enumerable.Range(0, 2000).Select(i => $"MODULE_{i}=/opt/{i}\0")) + "SLURM_JOB_ID=777\0");

        Assert.Equal("777", new ProcFs(root).Read(42)!.SlurmJob);
    }

    [Fact]
    public void What_may_not_be_read_is_unknown_and_a_process_that_is_gone_has_no_facts()
    {
        Write("proc/42/stat", "42 (x) S 1");

        Assert.Equal(new ProcessFacts(42, Name: "x"), new ProcFs(root).Read(42));
        Assert.Null(new ProcFs(root).Read(43));
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
