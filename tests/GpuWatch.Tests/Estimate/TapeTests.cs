using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Tests.Estimate;

public sealed class TapeTests
{
    [Fact]
    public void The_gradient_of_the_loss_is_a_storage_of_its_own()
    {
        var tape = new Tape();
        tape.Clear();
        var others = Enumerable.Range(0, 8).Select(_ => tape.Given(1000, 1)).ToArray();

        tape.CrossEntropy(tape.AsLeaf(tape.Given(500, 1)), 0);
        tape.BackwardFromLoss(0);

        // All that was given, and the gradient of what the loss was taken of.
        Assert.Equal(others.Length * 1000 + 500 + 500, tape.Total);
    }
}
