using Microsoft.Data.Sqlite;

namespace GpuWatch.Store.Sqlite;

/// <summary>A prepared statement that is run once a row.</summary>
internal sealed class StoreInsert : IDisposable
{
    private readonly SqliteCommand command;

    /// <param name="sql">With parameters $0, $1, … in the order of the values.</param>
    public StoreInsert(SqliteConnection connection, string sql, int parameters)
    {
        command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }
        command.Prepare();
    }

    public void Run(params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
        command.ExecuteNonQuery();
    }

    public void Dispose() => command.Dispose();
}
