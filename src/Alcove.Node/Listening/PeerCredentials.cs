using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Alcove.Node.Listening;

/// <summary>Who is at the other end of a Unix socket (unix(7), SO_PEERCRED).</summary>
internal static class PeerCredentials
{
    private const int SolSocket = 1;
    private const int PeerCred = 17;

    /// <returns>User and group of the process that connected.</returns>
    public static (uint Uid, uint Gid) Of(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, PeerCred, credentials);
        return (MemoryMarshal.Read<uint>(credentials[4..]), MemoryMarshal.Read<uint>(credentials[8..]));
    }
}
