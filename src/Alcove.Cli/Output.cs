using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary>Shows answers as tables to people and as JSON to programs.</summary>
internal sealed class Output(Surroundings surroundings, bool json)
{
    /// <summary>Ids must stay whole to be copied: tables are as wide as what is in them, whatever the terminal's width.</summary>
    private const int WideEnough = 1000;

    private static readonly JsonWriterOptions ForReading = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Show<T>(T value, JsonTypeInfo<T> type, Func<Table> table)
    {
        if (json)
        {
            Print(value, type);
            return;
        }

        if (table() is { Rows.Count: > 0 } shown)
        {
            surroundings.Console.Profile.Width = WideEnough;
            surroundings.Console.Write(shown);
        }
    }

    public void Show<T>(T value, JsonTypeInfo<T> type, string text)
    {
        if (json)
        {
            Print(value, type);
            return;
        }

        surroundings.Out.WriteLine(text);
    }

    /// <summary>Something worth knowing beside the answer: never where programs read.</summary>
    public void Remark(string text)
    {
        if (!json)
        {
            surroundings.Error.WriteLine(text);
        }
    }

    /// <summary>How long ago, or how far ahead.</summary>
    public string Relative(DateTimeOffset time)
    {
        var span = time - surroundings.Time.GetUtcNow();
        var text = span.Duration() switch
        {
            { TotalSeconds: < 100 } s => $"{s.TotalSeconds:0} s",
            { TotalMinutes: < 100 } m => $"{m.TotalMinutes:0} min",
            { TotalHours: < 48 } h => $"{h.TotalHours:0} h",
            var d => $"{d.TotalDays:0} days",
        };
        return span > TimeSpan.Zero ? $"in {text}" : $"{text} ago";
    }

    public static Table Table(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn($"[dim]{column}[/]").NoWrap().Padding(0, 0, 2, 0));
        }

        return table;
    }

    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Size(int mebibytes) => mebibytes >= 1024 && mebibytes % 1024 == 0 ? $"{mebibytes / 1024} GiB" : $"{mebibytes} MiB";

    /// <summary>What something takes on disk, in the unit that leaves a number people read.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 10L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0} GiB"),
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(bytes + 1023) >> 10} KiB"),
    };

    /// <summary>A moment, to the second, in UTC as everywhere in logs and answers.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private void Print<T>(T value, JsonTypeInfo<T> type)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, ForReading))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        surroundings.Out.WriteLine(Encoding.UTF8.GetString(text.ToArray()));
    }
}
