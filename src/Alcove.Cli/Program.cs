using Alcove.Cli;

return await Commands.Root().Parse(args).InvokeAsync();
