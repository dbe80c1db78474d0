using GpuWatch.Core.Estimate.Presets;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Commands;

public sealed class PresetsCommandTests
{
    [Fact]
    public void Every_rule_is_listed_with_its_source_and_its_measured_error()
    {
        var (code, output, error) = Gpuwatch.Run("presets");

        Assert.Equal((0, ""), (code, error));
        Assert.All(AllPresets.List, preset =>
        {
            Assert.Contains($"{preset.Name}  (", output);
            Assert.Contains(preset.Source, output);
            Assert.Contains(preset.Name, PresetError.Known.Keys);
        });
    }

    [SharedDataFact]
    public void The_errors_shown_are_those_measured_on_the_published_measurements()
    {
        var (code, output, _) = Gpuwatch.Run("presets", "--measure", Path.Combine(SharedData.Folder!, "measured.csv"), "--output", "csv");

        Assert.Equal(0, code);
        Assert.All(output.TrimEnd().Split('\n').Skip(1), line =>
        {
            var known = PresetError.Known[line.Split(',')[0]];
            Assert.Equal(line, FormattableString.Invariant($"{known.Preset},{known.Rows},{known.MedianApe},{known.MedianSigned},{known.Within25}"));
        });
    }
}
