namespace GpuWatch.Benchmarks.Jobs;

/// <summary>A job that was drawn, and what became of it.</summary>
internal sealed record Story(Course Course, Ending Ending)
{
    /// <summary>The job of that number: drawn again until its scenario happened, as it did in each that was recorded.</summary>
    public static Story Of(int seed, int number)
    {
        var scenarios = Enum.GetValues<Scenario>();
        var (scenario, dice) = (scenarios[number % scenarios.Length], new Dice(seed, number));
        var kills = Kills(scenario, dice);
        while (true)
        {
            if (Course.Draw(scenario, dice) is { } course && Run.Of(course) is var ending && Happened(course, ending, kills))
            {
                return new(course, ending);
            }
        }
    }

    /// <summary>Of the neighbours that were recorded three in five took what the job still needed; null = whatever comes of it.</summary>
    private static bool? Kills(Scenario scenario, Dice dice) => scenario switch
    {
        Scenario.Neighbour => dice.Chance(0.6),
        Scenario.Blowup => null,
        _ => !scenario.IsHealthy(),
    };

    private static bool Happened(Course course, Ending ending, bool? kills) =>
        (kills is null || kills == ending.OomAt is not null) && (course.LongBatch is null || ending.StepsDone == course.LongBatch - 1);
}
