namespace GpuWatch.Benchmarks.Jobs;

/// <summary>What became of a job.</summary>
/// <param name="OomAt">Seconds; null = it lived.</param>
/// <param name="StepsDone">Number of the last step that was done, from 0 on; null = none was.</param>
/// <param name="Refused">Bytes asked for in vain; null = it lived.</param>
internal sealed record Ending(
    List<Row> Rows, double FirstStepAt, double Duration, double? OomAt, int? StepsDone, long? Refused, long Reserved, long Allocated, int Retries);

/// <summary>Plays a job from its start to its end.</summary>
internal sealed class Run
{
    /// <summary>A kernel that makes that many bytes takes as long again as one that makes next to none: read off the recorded samples.</summary>
    private const double BytesOfLaunch = 1.6 * (1 << 20);

    private readonly Course course;
    private readonly Machine machine;

    private Run(Course course) => (this.course, machine) = (course, new(course));

    public static Ending Of(Course course) => new Run(course).Play();

    private Ending Play()
    {
        var steps = Load() ? Steps() : 0;
        var oomAt = machine.Refused is null ? (double?)null : machine.Time;
        return new(
            machine.Rows, course.Pace.FirstStepAt, Math.Round(machine.Time, 3), oomAt, steps > 0 ? steps - 1 : null, machine.Refused,
            machine.Allocator.Reserved, machine.Allocator.Allocated, machine.Allocator.Retries);
    }

    private bool Load()
    {
        var pace = course.Pace;
        for (var third = 0; third < pace.Context.Length; third++)
        {
            machine.Until(pace.Context[third]);
            machine.MakeContext(third + 1);
        }
        var read = course.Script.ReadFromFile;
        var each = (pace.LoadedAt - pace.LoadAt) / read;
        for (var i = 0; i < course.Script.Load.Length; i++)
        {
            machine.Until(i < read ? pace.LoadAt + each * (i + course.Dice.Between(-0.5, 0.5)) : pace.LoadedAt);
            if (!machine.Play(course.Script.Load[i]))
            {
                return false;
            }
        }
        machine.Until(pace.FirstStepAt);
        return true;
    }

    /// <returns>Steps that were done.</returns>
    private int Steps()
    {
        for (var step = 0; step < course.Lengths.Length; step++)
        {
            var length = course.Lengths[step];
            if (!Step(step == 0 ? course.Script.First(length) : course.Script.Later(length))
                || (course.LeakBytes > 0 && machine.Hold(course.LeakBytes) is null)
                || (course.Gathering is { } gathering && step > 0 && step % gathering.Every == 0 && !Evaluate(gathering)))
            {
                return machine.Refused is not null && step == 0 ? 0 : step;
            }
        }
        return course.Lengths.Length;
    }

    private bool Step(Event[] events)
    {
        var start = machine.Time;
        var seconds = course.Pace.Step * course.Dice.Between(1 - Pace.Jitter, 1 + Pace.Jitter);
        var (weight, passed) = (0.0, 0.0);
        foreach (var made in events)
        {
            weight += Weight(made);
        }
        foreach (var made in events)
        {
            machine.Until(start + seconds * passed / weight);
            if (!machine.Play(made))
            {
                return false;
            }
            passed += Weight(made);
        }
        machine.Until(start + seconds);
        return true;
    }

    /// <summary>A tensor is there when its kernel begins; to free one takes no time.</summary>
    private static double Weight(in Event made) => made.Bytes == 0 ? 0 : 1 + made.Bytes / BytesOfLaunch;

    private bool Evaluate(Gathering gathering)
    {
        var held = new List<int>(gathering.Batches);
        for (var batch = 0; batch < gathering.Batches; batch++)
        {
            if (machine.Hold(gathering.Logits) is not { } block)
            {
                return false;
            }
            held.Add(block);
            machine.Until(machine.Time + gathering.BatchSeconds);
        }
        held.ForEach(machine.Allocator.Free);
        return true;
    }
}
