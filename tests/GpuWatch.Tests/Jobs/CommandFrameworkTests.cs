using GpuWatch.Core.Jobs;

namespace GpuWatch.Tests.Jobs;

public sealed class CommandFrameworkTests
{
    [Theory]
    [InlineData("/usr/bin/python -m axolotl.cli.train config.yml", "axolotl")]
    [InlineData("accelerate launch -m axolotl.cli.train config.yml", "axolotl")]
    [InlineData("llamafactory-cli train llama3.yaml", "llamafactory")]
    [InlineData("deepspeed --num_gpus=8 train.py --deepspeed ds.json", "deepspeed")]
    [InlineData("torchrun --nproc_per_node 8 train.py", "torchrun")]
    public void A_trainer_is_named_by_its_program_module_or_script(string commandLine, string expected) =>
        Assert.Equal(expected, CommandFramework.Of(commandLine));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("python train.py --output_dir runs/axolotl")]
    [InlineData("python finetune_swiftly.py")]
    public void Nothing_is_guessed_from_values_of_flags_or_parts_of_words(string? commandLine) => Assert.Null(CommandFramework.Of(commandLine));
}
