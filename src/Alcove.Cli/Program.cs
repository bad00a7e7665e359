using Alcove.Cli;
using Spectre.Console;

var installation = Installation.Find(Environment.GetEnvironmentVariable, AppContext.BaseDirectory);
return await new CommandLine(new Surroundings(installation, installation.Open, AnsiConsole.Console, Console.Out, Console.Error, TimeProvider.System)).RunAsync(args);
