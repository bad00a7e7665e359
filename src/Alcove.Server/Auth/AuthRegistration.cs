namespace Alcove.Server.Auth;

/// <summary>Authentication in front of every route that says whose it is.</summary>
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
            }
        }

        await next(http);
    });
}
