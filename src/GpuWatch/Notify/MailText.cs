using System.Globalization;
using System.Text;

namespace GpuWatch.Notify;

/// <summary>A mail as it travels (RFC 5322 and MIME): plain text in UTF-8, encoded so that nothing in it can be taken for a header.</summary>
internal static class MailText
{
    /// <summary>Bytes of text that make an encoded word of at most 75 characters (RFC 2047).</summary>
    private const int BytesOfAWord = 45;

    public static string Of(string from, IReadOnlyList<string> to, string subject, string body, string host, DateTimeOffset now) => string.Join("\r\n",
        $"From: {from}",
        $"To: {string.Join(",\r\n ", to)}",
        $"Subject: {Words(subject)}",
        string.Create(CultureInfo.InvariantCulture, $"Date: {now.ToUniversalTime():ddd, dd MMM yyyy HH:mm:ss} +0000"),
        $"Message-ID: <{Guid.NewGuid():N}@{new string([.. host.Where(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '.')])}>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        Convert.ToBase64String(Encoding.UTF8.GetBytes(body.ReplaceLineEndings("\r\n")), Base64FormattingOptions.InsertLineBreaks));

    private static string Words(string text)
    {
        var (words, word, bytes) = (new List<string>(), new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > BytesOfAWord)
            {
                Close();
            }
            word.Append(rune);
            bytes += rune.Utf8SequenceLength;
        }
        Close();
        return string.Join("\r\n ", words);

        void Close()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(word.ToString()))}?=");
            word.Clear();
            bytes = 0;
        }
    }
}
