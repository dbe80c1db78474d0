using System.Globalization;
using System.Text.Json;

namespace GpuWatch.Benchmarks.Jobs;

/// <summary>Writes a job as the recorded ones are: NAME.csv, NAME.job.json, NAME.truth.json.</summary>
internal static class JobWriter
{
    private const string Header = "time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes";
    private static readonly JsonWriterOptions Layout = new() { Indented = true, IndentSize = 1 };

    public static void Write(string stem, Course course, Ending ending)
    {
        using (var csv = new StreamWriter(stem + ".csv") { NewLine = "\n" })
        {
            csv.WriteLine(Header);
            foreach (var row in ending.Rows)
            {
                csv.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Time:0.0##},0,4242,{row.Used},{row.DeviceUsed},{row.DeviceTotal},{row.Allocated},{row.Reserved}"));
            }
        }
        WriteJson(stem + ".job.json", json => Entries(json, course.Declared));
        WriteJson(stem + ".truth.json", json => Truth(json, course, ending));
    }

    private static void Truth(Utf8JsonWriter json, Course course, Ending ending)
    {
        json.WriteString("scenario", course.Scenario.Word());
        Value(json, "oom_at", ending.OomAt);
        json.WriteString("cause", ending.OomAt is null ? null : course.Scenario.Word());
        json.WriteNumber("steps_planned", course.Lengths.Length);
        json.WriteNumber("first_step_at", ending.FirstStepAt);
        if (ending.StepsDone is { } done)
        {
            json.WriteNumber("steps_done", done);
        }
        if (ending.Refused is { } refused)
        {
            json.WriteNumber("requested_bytes", refused);
            json.WriteNumber("reserved_bytes", ending.Reserved);
            json.WriteNumber("allocated_bytes", ending.Allocated);
        }
        else
        {
            json.WriteBoolean("finished", true);
        }
        json.WriteNumber("duration_s", ending.Duration);
        json.WriteNumber("room_bytes", course.Room);
        json.WriteNumber("unlimited_peak_reserved_bytes", course.Free.Reserved);
        json.WriteNumber("period_s", course.Pace.Period);
        json.WriteBoolean("blowup", course.Scenario is Scenario.Blowup);
        json.WriteBoolean("leak", course.LeakBytes > 0);
        json.WriteNumber("leak_bytes_per_step", course.LeakBytes);
        json.WriteNumber("retries", ending.Retries);
        json.WriteStartObject("actual_job");
        Entries(json, course.Actual);
        json.WriteEndObject();
    }

    private static void Entries(Utf8JsonWriter json, JobText job)
    {
        foreach (var (key, value) in job.Entries)
        {
            switch (value)
            {
                case string text:
                    json.WriteString(key, text);
                    break;
                case int number:
                    json.WriteNumber(key, number);
                    break;
                default:
                    json.WriteNumber(key, (double)value);
                    break;
            }
        }
    }

    private static void Value(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(key, number);
        }
        else
        {
            json.WriteNull(key);
        }
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> body)
    {
        using var file = File.Create(path);
        using var json = new Utf8JsonWriter(file, Layout);
        json.WriteStartObject();
        body(json);
        json.WriteEndObject();
    }
}
