namespace Alcove.Benchmarks;

/// <summary>Reads an answer to its end, keeping nothing.</summary>
internal static class Drain
{
    public static async Task ReadAsync(HttpResponseMessage answer, int atLeast)
    {
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[256 * 1024];
        long total = 0;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            total += read;
        }

        if (total < atLeast)
        {
            throw new InvalidOperationException($"{total} bytes came of {atLeast}");
        }
    }
}
