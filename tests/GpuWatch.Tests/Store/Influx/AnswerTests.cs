using GpuWatch.Store.Influx;

namespace GpuWatch.Tests.Store.Influx;

/// <summary>Bodies marked [M] were recorded from InfluxDB 1.6.7; the others are as documented for 2.x and 3.x.</summary>
public sealed class AnswerTests
{
    [Theory]
    [InlineData(204, "Stored")]
    [InlineData(200, "Stored")]
    [InlineData(400, "Refused")]
    [InlineData(422, "Refused")]
    [InlineData(413, "TooLarge")]
    [InlineData(401, "Barred")]
    [InlineData(403, "Barred")]
    [InlineData(404, "Barred")]
    [InlineData(301, "Barred")]
    [InlineData(408, "Later")]
    [InlineData(429, "Later")]
    [InlineData(500, "Later")]
    [InlineData(503, "Later")]
    public void Each_status_has_one_meaning(int status, string outcome) =>
        Assert.Equal(outcome, Answer.Of(status, "", 10, null).Outcome.ToString());

    [Theory]
    // [M] one bad line of three
    [InlineData(1, """{"error":"partial write: unable to parse 'gpu,gpu=0 used=': missing field value dropped=0"}""")]
    // [M] two bad lines of ten
    [InlineData(2, """{"error":"partial write: unable to parse 'a b=': missing field value\nunable to parse 'c d=': missing field value dropped=0"}""")]
    // [M] a field's type differs
    [InlineData(1, """{"error":"partial write: field type conflict: input field \"used\" on measurement \"gpu\" is type float, already exists as type integer dropped=1"}""")]
    // [M] all lines bad
    [InlineData(10, """{"error":"unable to parse 'x': missing fields"}""")]
    // 2.x, malformed and refused whole
    [InlineData(10, """{"code":"invalid","message":"unable to parse 'x': missing fields","line":3}""")]
    // 2.x, 422
    [InlineData(4, """{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict dropped=4"}""")]
    // 3.x
    [InlineData(2, """{"error":"partial write of line protocol occurred","data":[{"original_line":"a","line_number":1,"error_message":"x"},{"original_line":"b","line_number":5,"error_message":"y"}]}""")]
    // a proxy in between
    [InlineData(10, "<html>Bad Request</html>")]
    [InlineData(10, "")]
    // more than were sent cannot be lost
    [InlineData(10, """{"error":"partial write: dropped=999999999"}""")]
    public void The_points_lost_are_counted_from_the_answer(int lost, string body)
    {
        var answer = Answer.Of(400, body, 10, null);

        Assert.Equal((Outcome.Refused, lost), (answer.Outcome, answer.RefusedPoints));
    }

    [Fact]
    public void A_reason_is_one_short_line_whatever_the_server_sends()
    {
        var answer = Answer.Of(400, "{\"error\":\"\\u001b[31mx\\ny" + new string('z', 10_000) + "\"}", 1, null);

        Assert.InRange(answer.Reason!.Length, 1, 300);
        Assert.DoesNotContain(answer.Reason, char.IsControl);
    }
}
