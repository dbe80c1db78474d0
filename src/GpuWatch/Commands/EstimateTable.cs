using System.Globalization;
using GpuWatch.Core.Estimate;
using GpuWatch.Core.Estimate.Advice;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Commands;

/// <summary>A plan on one screen: the peak, when it is, what it is made of, whether it fits, how sure that is and what to change.</summary>
internal static class EstimateTable
{
    private const int LabelWidth = 10;
    private const int BarWidth = 24;
    private const int LineWidth = 100;
    private const int AdviceShown = 3;

    public static void Write(Estimated it, TextWriter output)
    {
        output.WriteLine(Title(it.Job));
        WritePeak(it, output);
        WriteParts(it.Plan, output);
        var phases = it.Plan.Phases;
        Line(output, "phases", it.Job.Method is "inference" or "load"
            ? $"load {phases.Load} → forward {phases.FirstForward}"
            : $"load {phases.Load} → forward {phases.FirstForward} → backward {phases.FirstBackward} → optimizer {phases.FirstOptimizer}; then {phases.Steady} a step{(phases.Evaluation is { } evaluation ? $", {evaluation} in evaluation" : "")}");
        WriteAdvice(it, output);
        Wrapped(output, "assumed", it.Plan.Assumed);
        Wrapped(output, "beware", it.Plan.Warnings);
        EstimateSections.Write(it, output);
    }

    internal static void Line(TextWriter output, string label, string text) =>
        output.WriteLine($"{label.PadRight(LabelWidth)} {text}");

    private static string Title(Job job)
    {
        string?[] words =
        [
            job.ModelName ?? job.HfId ?? "a model",
            job.Method,
            job is { MicroBatch: { } batch, SeqLen: { } length } ? string.Create(CultureInfo.InvariantCulture, $"{batch} × {length} tokens") : null,
            job.NumGpus is > 1 and var gpus ? $"{gpus} GPUs{(job.Parallelism is { } divided ? $" ({divided})" : "")}" : null,
        ];
        return string.Join(" · ", words.Where(word => word is not null).Select(word => Plain.Text(word!)));
    }

    private static void WritePeak(Estimated it, TextWriter output)
    {
        var plan = it.Plan;
        Line(output, "peak", $"{plan.PeakDevice.Likely} on {(it.Job.NumGpus > 1 ? "each GPU" : "the GPU")}, in {PhaseText(plan.PeakPhase)}");
        Line(output, "sure", $"90 % between {plan.PeakDevice.Low} and {plan.PeakDevice.High}; PyTorch reports {plan.PeakAllocated.Likely} allocated, {plan.PeakReserved.Likely} reserved");
        if (it.Room is { } room)
        {
            var left = room.Usable - plan.PeakDevice.Likely;
            var chance = room.Probability(plan).ToString("P0", CultureInfo.InvariantCulture);
            Line(output, "fits", it.Fits == true
                ? $"{(plan.PeakDevice.High <= room.Usable ? "yes" : "likely, but tight")}: {room.Name} has {room.Usable} usable, {left} more than needed ({chance} sure)"
                : $"no: {room.Name} has {room.Usable} usable, {-left} less than needed (it fits with a chance of {chance})");
        }
        else
        {
            Line(output, "fits", it.Job.GpuName is { } unknown
                ? $"the GPU '{Plain.Text(unknown)}' is not known; say --gpu-mem-gb"
                : "say --gpu-mem-gb, --gpu-name or --fits to know");
        }
    }

    private static void WriteParts(Plan plan, TextWriter output)
    {
        var label = "made of";
        foreach (var (name, size) in plan.Components.Named().OrderByDescending(part => part.Size))
        {
            var share = plan.Components.Sum().Count == 0 ? 0 : size / plan.Components.Sum();
            if (share >= 0.0005)
            {
                var bar = new string('█', (int)Math.Round(share * BarWidth));
                Line(output, label, string.Create(CultureInfo.InvariantCulture, $"{name.Replace('_', ' '),-17}{size,10} {share,6:P0}  {bar}").TrimEnd());
                label = "";
            }
        }
    }

    private static void WriteAdvice(Estimated it, TextWriter output)
    {
        var label = "change";
        if (it.Room is { } room && it.Plan.PeakDevice.Likely <= room.Comfortable)
        {
            Line(output, label, "nothing has to; it could be smaller by");
            label = "";
        }
        else if (it.Advice.IsEmpty)
        {
            Line(output, label, "nothing known makes it smaller");
        }
        foreach (var advised in it.Advice.Take(AdviceShown))
        {
            Line(output, label, Told(advised, it.Room is not null));
            label = "";
        }
    }

    /// <summary>"gradient checkpointing (grad_checkpointing full): saves 3.1 GiB, fits; steps take 1.33 × as long".</summary>
    internal static string Told(Advised advised, bool hasRoom)
    {
        var fits = !hasRoom ? "" : advised.Fits ? $", fits at {advised.Plan.PeakDevice.Likely}" : $", not enough at {advised.Plan.PeakDevice.Likely}";
        var time = Math.Abs(advised.TimeFactor - 1) < 0.005 ? "as fast" : advised.TimeFactor < 0.01 ? "less than 0.01 × the time" : string.Create(CultureInfo.InvariantCulture, $"{advised.TimeFactor:0.##} × the time");
        return $"{string.Join(", ", advised.Settings)}: saves {advised.Saves}{fits}; {time}";
    }

    internal static void Wrapped(TextWriter output, string label, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }
        var line = "";
        foreach (var text in texts)
        {
            if (line.Length > 0 && line.Length + text.Length + 2 > LineWidth - LabelWidth)
            {
                Line(output, label, line + ";");
                (label, line) = ("", "");
            }
            line = line.Length == 0 ? text : $"{line}; {text}";
        }
        Line(output, label, line);
    }

    internal static string PhaseText(Phase phase) => phase switch
    {
        Phase.Load => "loading",
        Phase.FirstForward => "the first forward pass",
        Phase.FirstBackward => "the first backward pass",
        Phase.FirstOptimizer => "the first optimizer step",
        Phase.Evaluation => "evaluation",
        _ => "every step after the first",
    };
}
