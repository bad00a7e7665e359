namespace Alcove.Envd.Hosting;

/// <summary>Bodies that are wanted whole, up to a size: nobody fills the daemon's memory with one.</summary>
internal static class LimitedBody
{
    private const int PieceSize = 16 * 1024;

    /// <returns>Null when it is longer.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(Stream body, int largest, CancellationToken cancellationToken)
    {
        var whole = new MemoryStream();
        var piece = new byte[PieceSize];
        for (int read; (read = await body.ReadAsync(piece, cancellationToken)) > 0;)
        {
            if (whole.Length + read > largest)
            {
                return null;
            }

            whole.Write(piece, 0, read);
        }

        return whole.GetBuffer().AsMemory(0, (int)whole.Length);
    }
}
