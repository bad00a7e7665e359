using Alcove.Envd.Hosting;
using Alcove.Protocol.Envd;

namespace Alcove.Envd.Init;

/// <summary>What the daemon itself puts into every environment, and no one's settings override: that this is a sandbox, and which.</summary>
internal sealed class SystemEnvironment(string runDirectory = "/run/e2b")
{
    private const string Sandbox = "E2B_SANDBOX";
    private const string SandboxId = "E2B_SANDBOX_ID";
    private const string TemplateId = "E2B_TEMPLATE_ID";

    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private Dictionary<string, string> _variables = new(StringComparer.Ordinal) { [Sandbox] = "true" };

    public IReadOnlyDictionary<string, string> Variables => Volatile.Read(ref _variables);

    /// <summary>Takes the ids from what the host says; a fork finds something else there than its origin did. Where it says nothing, nothing of before stays.</summary>
    public void Refresh(HostIdentity? identity)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal) { [Sandbox] = "true" };
        if (identity is not null)
        {
            variables[SandboxId] = identity.SandboxId;
            variables[TemplateId] = identity.TemplateId;
        }

        Volatile.Write(ref _variables, variables);
        try
        {
            Directory.CreateDirectory(runDirectory);
            foreach (var name in (string[])[Sandbox, SandboxId, TemplateId])
            {
                Show(Path.Combine(runDirectory, "." + name), variables.GetValueOrDefault(name), name == Sandbox ? ReadableByAll : ReadableByAll | UnixFileMode.UserWrite);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            DaemonLog.Write($"{runDirectory}: {e.Message}");
        }
    }

    /// <summary>Swaps the file whole, so that whoever reads it meanwhile finds one value or the other.</summary>
    private static void Show(string path, string? value, UnixFileMode mode)
    {
        if (value is null)
        {
            File.Delete(path);
            return;
        }

        var next = path + ".new";
        File.Delete(next);
        File.WriteAllText(next, value);
        File.SetUnixFileMode(next, mode);
        File.Move(next, path, overwrite: true);
    }
}
