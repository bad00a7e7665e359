namespace Alcove.Control.Teams;

/// <summary>What a fresh installation is seeded with, so that the usage guide's lines work as they are. Everybody knows it.</summary>
public static class WellKnown
{
    public const string ApiKey = "e2b_53ae1fed82754c17ad8077fbc8bcdd90";
    public const string AccessToken = "sk_e2b_89215020937a4c989cde33d7bc647715";
    public const string TeamName = "Local development";
    public const string TeamSlug = "local";

    public static string ApiKeyHash { get; } = Key.Hash(ApiKey, Key.ApiPrefix)!;

    public static string AccessTokenHash { get; } = Key.Hash(AccessToken, Key.AccessTokenPrefix)!;

    public static Guid TeamId { get; } = Guid.Parse("0b8a3ded-4489-4722-afd1-1d82e64ec2d5");

    public static Guid UserId { get; } = Guid.Parse("89215020-937a-4c98-9cde-33d7bc647715");
}
