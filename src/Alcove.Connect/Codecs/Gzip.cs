using System.Buffers;
using System.IO.Compression;

namespace Alcove.Connect.Codecs;

internal static class Gzip
{
    /// <summary>Decompresses one message.</summary>
    /// <exception cref="MalformedException">It is not gzip.</exception>
    /// <exception cref="ConnectException">There are more than <paramref name="maxBytes"/> bytes in it (<see cref="ConnectCode.ResourceExhausted"/>).</exception>
    public static PooledBuffer Decompress(ReadOnlySequence<byte> source, int maxBytes)
    {
        var plain = new PooledBuffer();
        try
        {
            using var gzip = new GZipStream(new MemoryStream(source.ToArray()), CompressionMode.Decompress);
            while (gzip.Read(plain.GetSpan()) is var count and > 0)
            {
                plain.Advance(count);
                MessageSize.Check(plain.Length, maxBytes);
            }

            return plain;
        }
        catch (InvalidDataException e)
        {
            plain.Dispose();
            throw new MalformedException("the message is not valid gzip", e);
        }
        catch
        {
            plain.Dispose();
            throw;
        }
    }
}
