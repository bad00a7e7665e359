using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary>Shows answers as tables to people and as JSON to programs.</summary>
internal sealed class Output(IAnsiConsole console, bool json)
{
    public void Show<T>(T value, JsonTypeInfo<T> type, Func<Table> table)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
        }
        else
        {
            console.Write(table());
        }
    }

    public void Say(string text)
    {
        if (!json)
        {
            console.MarkupLineInterpolated($"{text}");
        }
    }

    public static Table Table(params string[] columns) => new Table().Border(TableBorder.Simple).AddColumns(columns);
}
