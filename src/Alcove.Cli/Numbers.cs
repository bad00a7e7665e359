using System.CommandLine;
using System.Globalization;

namespace Alcove.Cli;

/// <summary>Options that take a number.</summary>
internal static class Numbers
{
    /// <summary>One from 1 to a bound; what is not says so with both.</summary>
    public static Option<int?> Option(string name, string description, int most) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
            {
                return number;
            }

            result.AddError($"{name} takes a number from 1 to {most}, not '{result.Tokens[0].Value}'");
            return null;
        },
    };
}
