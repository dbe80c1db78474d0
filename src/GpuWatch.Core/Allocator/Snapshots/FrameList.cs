using GpuWatch.Core.Allocator.Pickle;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Snapshots;

/// <summary>
/// A recorded stack, of which one frame is kept: the innermost of the user's own Python, else of PyTorch's, else the step of the backward pass
/// (which no Python calls), else of compiled code whose file is known. Stacks are nine tenths of a snapshot.
/// </summary>
internal sealed class FrameList() : PickleList("a list of frames")
{
    private const int LongestText = 300, OfTheUser = 4;
    private const string Autograd = "torch::autograd::", Apply = "::apply(";

    private PickleDict? kept;
    private int worth;
    private Frame? frame;

    public Frame? Frame => frame ??= kept is null ? null : Of(kept);

    public override void Add(ReadOnlySpan<PickleValue> more)
    {
        for (var at = 0; at < more.Length && worth < OfTheUser; at++)
        {
            if (more[at].Dict is { Count: <= SnapshotFields.MostKeys } candidate
                && Worth(candidate.Find("filename")?.Text ?? "", candidate.Find("name")?.Text ?? "") is var found && found > worth)
            {
                (kept, worth) = (candidate, found);
            }
        }
    }

    private static int Worth(string file, string name) =>
        file.EndsWith(".py", StringComparison.Ordinal) ? file.Contains("/torch/", StringComparison.Ordinal) ? 3 : OfTheUser :
        IsBackward(name) ? 2 :
        file is "" or "??" || name.StartsWith("torch::", StringComparison.Ordinal) || name.StartsWith("c10::", StringComparison.Ordinal) ? 0 : 1;

    private static bool IsBackward(string name) => name.StartsWith(Autograd, StringComparison.Ordinal) && name.Contains(Apply, StringComparison.Ordinal);

    private static Frame Of(PickleDict dict)
    {
        var (file, name) = (dict.Find("filename")?.Text ?? "", dict.Find("name")?.Text ?? "");
        // torch::autograd::generated::MmBackward0::apply(…) is known to people as MmBackward0.
        var function = IsBackward(name) ? name[..name.IndexOf(Apply, StringComparison.Ordinal)].Split("::")[^1] : name;
        return new(file is "??" ? "" : Plain.TextUpTo(LongestText, file), dict.Find("line")?.Integer ?? 0, Plain.TextUpTo(LongestText, function));
    }
}
