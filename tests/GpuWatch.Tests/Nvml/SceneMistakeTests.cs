using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Nvml;

/// <summary>The simulator's own input: each mistake is one line with its place and what was expected, and nothing is played.</summary>
[Collection(NvmlCollection.Name)]
public sealed class SceneMistakeTests
{
    private const string Header = "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes\n";

    [Theory]
    [InlineData("", "no GPU")]
    [InlineData("# nothing here\n", "text:1: no GPU")]
    [InlineData("gpu 0\n", "text:1: total is missing")]
    [InlineData("gpu 0 total=24\n", "text:1: not a size; expected a number with B, KiB, MiB or GiB")]
    [InlineData("gpu 1 total=24GiB\n", "text:1: GPU indices have a hole")]
    [InlineData("gpu 0 total=24GiB\n\ngpu 0 total=24GiB\n", "text:3: this GPU is declared twice")]
    [InlineData("gpu 0:1 total=24GiB\n", "text:1: the slice has no GPU")]
    [InlineData("gpu 0 total=24GiB\ngpu 0:7 total=2GiB\n", "text:2: not a GPU")]
    [InlineData("gpu 0 total=24GiB from=5 to=5\n", "text:1: the GPU goes before it comes")]
    [InlineData("gpu 0 total=24GiB colour=red\n", "text:1: unknown word")]
    [InlineData("gpu 0 total=24GiB\njob 5 gpu=1\n", "text:2: this GPU is not declared above")]
    [InlineData("gpu 0 total=24GiB\njob five gpu=0\n", "text:2: not a pid")]
    [InlineData("gpu 0 total=24GiB\njob 5 gpu=0 start=9 end=3\n", "text:2: the job ends before it starts")]
    [InlineData("gpu 0 total=24GiB\n at 0 3GiB\n", "text:2: no job above")]
    [InlineData("gpu 0 total=24GiB\njob 5 gpu=0\nat 3 3GiB\nat 3 4GiB\n", "text:4: time does not increase")]
    [InlineData("gpu 0 total=24GiB\njob 5 gpu=0\nat 3 -3GiB\n", "text:3: not a point")]
    [InlineData("gpu 0 total=24GiB\nfault from=3\n", "text:2: the fault does nothing")]
    [InlineData("gpu 0 total=24GiB\nlists v3_stride=20\n", "text:2: unknown stride")]
    [InlineData("gpo 0 total=24GiB\n", "text:1: unknown directive; expected gpu, job")]
    [InlineData("time_s,gpu,pid\n1,0,5\n", "text:1: this is no trace header; expected the columns time_s,gpu")]
    [InlineData(Header, "text:1: no rows")]
    [InlineData(Header + "0,0,5,10,20,30\n1,0,5,10,2", "text:3: a cell is missing or is not a number")]
    [InlineData(Header + "0,0,5,-10,20,30\n", "text:2: a cell is missing or is not a number")]
    [InlineData(Header + "0,1e15,5,10,20,30\n", "text:2: too many GPUs")]
    [InlineData(Header + "5,0,5,10,20,30\n4,0,5,10,20,30\n", "text:3: time runs backwards")]
    [InlineData("\u007fELF\u0002\u0001\n\u0003\n", "text:1: unknown directive")]
    public void A_mistake_is_told_with_its_line_and_what_was_expected(string scene, string told)
    {
        Assert.NotEqual(0, NvmlSim.Load(scene));
        Assert.Contains(told, NvmlSim.Complaint);
        Assert.DoesNotContain('\n', NvmlSim.Complaint);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told()
    {
        Assert.NotEqual(0, NvmlSim.LoadFile("/nowhere/node.scn"));
        Assert.Equal("/nowhere/node.scn: No such file or directory; expected a readable trace or scenario", NvmlSim.Complaint);
    }

    [Fact]
    public void A_mistake_leaves_the_scene_before_it_playing()
    {
        using var source = NvmlSim.Open("gpu 0 total=24GiB\njob 3000005 gpu=0\nat 0 4GiB\n");
        NvmlSim.Load("gpu 0\n");
        Assert.Equal(4, source.Frame().Used.GiB);
    }

    [Fact]
    public void The_node_that_is_shown_without_a_driver_is_read_without_complaint()
    {
        Assert.Equal(0, NvmlSim.LoadFile(Repository.PathOf("native", "nvmlsim", "scenarios", "node.scn")));
        Assert.Equal(
            File.ReadAllText(Repository.PathOf("native", "nvmlsim", "scenarios", "node.scn")),
            File.ReadAllText(Repository.PathOf("artifacts", "native", "node.scn")));
    }
}
