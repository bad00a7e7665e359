using Alcove.Protocol.Envd;

namespace Alcove.Envd.Init;

/// <summary>What the daemon itself puts into every environment, and no one's settings override: that this is a sandbox, and which.</summary>
internal sealed class SystemEnvironment(string runDirectory = "/run/e2b")
{
    private Dictionary<string, string> _variables = new(StringComparer.Ordinal) { ["E2B_SANDBOX"] = "true" };

    public IReadOnlyDictionary<string, string> Variables => Volatile.Read(ref _variables);

    /// <summary>Takes the ids from the host's file; a fork finds another file there than its origin did.</summary>
    public void Refresh(HostIdentity? identity)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal) { ["E2B_SANDBOX"] = "true" };
        if (identity is not null)
        {
            variables["E2B_SANDBOX_ID"] = identity.SandboxId;
            variables["E2B_TEMPLATE_ID"] = identity.TemplateId;
        }

        Volatile.Write(ref _variables, variables);
        WriteFiles(variables);
    }

    private void WriteFiles(Dictionary<string, string> variables)
    {
        try
        {
            Directory.CreateDirectory(runDirectory);
            foreach (var (name, value) in variables)
            {
                File.WriteAllText(Path.Combine(runDirectory, "." + name), value);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"envd: {runDirectory}: {e.Message}");
        }
    }
}
