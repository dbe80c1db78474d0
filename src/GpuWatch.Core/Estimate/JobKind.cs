using System.Collections.Immutable;

namespace GpuWatch.Core.Estimate;

/// <summary>
/// What decides whether one job's measurements tell of another: what is trained, and how the model itself is cut up. Written as words joined by +,
/// what is trained first: "adapter", "full+tensor+pipeline".
/// </summary>
/// <param name="Trained">full, adapter or nothing.</param>
/// <param name="Tensor">Each matrix is divided among GPUs.</param>
/// <param name="Pipeline">Stages work on micro-batches at the same time.</param>
/// <param name="Layers">Layers lie on one GPU after the other and wait for each other (device_map).</param>
public readonly record struct JobKind(string Trained, bool Tensor, bool Pipeline, bool Layers)
{
    private const string Full = "full", Adapter = "adapter", Nothing = "nothing";

    internal static JobKind Of(Workload work) => new(
        work.Method switch
        {
            MethodKind.Adapter or MethodKind.Sparse => Adapter,
            MethodKind.Inference or MethodKind.Load => Nothing,
            _ => Full,
        },
        work.Layout.Sharding.Tensor > 1, work.Layout.Pipelined, work.Layout.Sharding.LayerSplit);

    /// <returns>Null when the text is no kind.</returns>
    public static JobKind? Parse(string text)
    {
        var words = text.Split('+');
        var kind = new JobKind(words[0], words.Contains("tensor"), words.Contains("pipeline"), words.Contains("layers"));
        return words[0] is Full or Adapter or Nothing && kind.ToString() == text ? kind : null;
    }

    public override string ToString() => Trained + (Tensor ? "+tensor" : "") + (Pipeline ? "+pipeline" : "") + (Layers ? "+layers" : "");
}

/// <summary>Where a profile holds.</summary>
/// <param name="Kinds">Jobs of these kinds, which its runs tell of.</param>
/// <param name="Elsewhere">What holds for all others: the profile from before.</param>
public sealed record ProfileScope(ImmutableArray<JobKind> Kinds, Profile Elsewhere);
