using Alcove.Server.Limiting;

namespace Alcove.Server.Auth;

/// <summary>What stands in front of every route that says whose it is: who sends, how often, and whether they still may.</summary>
internal static class AuthRegistration
{
    public static IApplicationBuilder UseAlcoveAuthentication(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>() is { } access)
        {
            var authentication = http.RequestServices.GetRequiredService<Authentication>();
            if (await authentication.AuthenticateAsync(http, access) is { } caller)
            {
                http.Features.Set(caller);
                if (caller.Team is { } team)
                {
                    http.RequestServices.GetRequiredService<RouteLimiter>().Admit(http, team.Id);
                    Authentication.CheckStanding(team, access.ForBlocked);
                }
            }
        }

        await next(http);
    });
}
