using GpuWatch.Jobs;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Jobs;

public sealed class JobTableTests
{
    [SharedDataFact]
    public void Every_published_row_can_be_read_and_nearly_all_without_a_note()
    {
        foreach (var name in (string[])["measured.csv", "measured_bounds.csv", "autograd.csv"])
        {
            var path = Path.Combine(SharedData.Folder!, name);
            using var table = JobTable.Open(path);
            var rows = table.Rows(path).Select(row => (row.Id, row.Error, row.Notes)).ToArray();

            Assert.True(rows.Length >= 100);
            Assert.All(rows, row => Assert.Null(row.Error));
            var noted = rows.Where(row => row.Notes.Length > 0).ToArray();
            Assert.True(noted.Length <= rows.Length * 0.02, string.Join('\n', noted.Select(row => $"{row.Id}: {string.Join("; ", row.Notes)}")));
        }
    }
}
