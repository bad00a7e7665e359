namespace Alcove.Protocol.Envd;

/// <summary>The daemon's port, and the version that it reports. Clients compare it with thresholds, so it stands for a feature set, not for our release.</summary>
public static class EnvdVersion
{
    /// <summary>Everything up to file metadata, watch events with entries and network mounts is there.</summary>
    public const string Current = "0.6.13";

    /// <summary>TCP port on which the daemon listens in every sandbox.</summary>
    public const int Port = 49983;
}
