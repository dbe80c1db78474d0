using GpuWatch.Core.Estimate;
using GpuWatch.Core.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

public sealed class GpuTests
{
    [Theory]
    [InlineData("A100-SXM4-80GB", null, "A100-SXM-80GB")]
    [InlineData("NVIDIA A100-SXM4-40GB", null, "A100-40GB")]
    [InlineData("a100_40gb", null, "A100-40GB")]
    [InlineData("A100", 40.0, "A100-40GB")]
    [InlineData("A100", 80.0, "A100-SXM-80GB")]
    [InlineData("A100", null, "A100-40GB")]
    [InlineData("V100", null, "V100-16GB")]
    [InlineData("RTX 4060 Ti", null, "RTX-4060-Ti-8GB")]
    [InlineData("RTX 4060 Ti", 16.0, "RTX-4060-Ti-16GB")]
    [InlineData("h100_80gb", null, "H100-SXM-80GB")]
    [InlineData("NVIDIA H100 80GB HBM3", null, "H100-SXM-80GB")]
    [InlineData("H100-96GB", 96.0, "H100-96GB")]
    [InlineData("NVIDIA L40S", 48.0, "L40S")]
    [InlineData("NVIDIA GeForce RTX 4090", null, "RTX-4090")]
    [InlineData("RTX 4070 Ti SUPER", 16.0, "RTX-4070-Ti-SUPER")]
    [InlineData("8xRTX 3090", null, "RTX-3090")]
    [InlineData("Tesla V100-SXM2-16GB", null, "V100-16GB")]
    [InlineData("V100", 32.0, "V100-32GB")]
    [InlineData("T4-16GB", 16.0, "T4")]
    [InlineData("Titan RTX", 24.0, "Titan-RTX")]
    [InlineData("RTX 6000 Ada", 48.0, "RTX-6000-Ada")]
    public void Names_as_people_and_drivers_write_them_are_found(string written, double? memoryGb, string gpu) =>
        Assert.Equal(gpu, Gpu.Find(written, memoryGb)?.Name);

    [Fact]
    public void What_CUDA_can_use_is_less_than_what_is_sold_but_most_of_it() =>
        Assert.All(Gpu.Known, gpu => Assert.InRange(gpu.Usable.GiB / gpu.MemoryGb, 0.9, 0.999));

    [Fact]
    public void A_name_of_several_cards_takes_the_smaller_and_says_so()
    {
        Assert.Equal("RTX-4060-Ti-8GB (RTX 4060 Ti may also have 16 GB)", Room.Parse("RTX 4060 Ti")!.Name);
        Assert.Equal("A100-SXM-80GB", Room.Of(new() { GpuName = "A100", GpuMemGb = 80 })!.Name);
        Assert.Equal("RTX-4090", Room.Parse("RTX 4090")!.Name);
    }

    [SharedDataFact]
    public void Nearly_every_GPU_of_the_published_measurements_is_known()
    {
        var (known, all) = (0, 0);
        foreach (var line in File.ReadLines(Path.Combine(SharedData.Folder!, "measured.csv")).Skip(1))
        {
            if (line.Split(',') is { } fields && fields.FirstOrDefault(field => field.StartsWith("A100", StringComparison.Ordinal) || field.StartsWith("RTX", StringComparison.Ordinal)) is { } name)
            {
                all++;
                known += Gpu.Find(name) is null ? 0 : 1;
            }
        }
        Assert.True(all > 500 && known == all, $"{known} of {all}");
    }
}
