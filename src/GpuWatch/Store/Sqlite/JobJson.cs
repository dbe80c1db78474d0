using System.Buffers;
using System.Text;
using System.Text.Json;
using GpuWatch.Core.Jobs;
using GpuWatch.Core.Units;

namespace GpuWatch.Store.Sqlite;

/// <summary>A job as JSON in the vocabulary of CONTRACTS 3; what is unknown is left out. It reads back as the job file that it is.</summary>
internal static class JobJson
{
    public static string Write(Job job)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var key in JobKeys.All)
            {
                if (key.Get(job) is { } text)
                {
                    json.WriteString(key.Name, text);
                }
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <param name="place">Named when a key is not understood.</param>
    public static Job Read(string json, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return JobReader.Read(document.RootElement.EnumerateObject()
                .Select(member => new JobEntry(place, member.Name, member.Value.GetString() ?? "")));
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            throw new BadInputException(place, "a stored job is damaged", "the text of a job, as the agent stores it, is expected");
        }
    }
}
