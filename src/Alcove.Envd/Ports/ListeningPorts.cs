using System.Globalization;

namespace Alcove.Envd.Ports;

/// <summary>A TCP port on which something listens on loopback alone.</summary>
internal readonly record struct LoopbackPort(int Port, bool IPv6);

/// <summary>Reads the kernel's tables of sockets (proc(5): <c>/proc/net/tcp</c>, <c>/proc/net/tcp6</c>).</summary>
internal static class ListeningPorts
{
    private const string Listening = "0A";

    /// <summary>127.0.0.1 and ::1 as the tables write them: words of 32 bits in the machine's byte order, which is little-endian on x64 and arm64.</summary>
    private const string LoopbackV4 = "0100007F";
    private const string LoopbackV6 = "00000000000000000000000001000000";

    public static IEnumerable<LoopbackPort> OnLoopback(string proc = "/proc/net") =>
        Read($"{proc}/tcp", LoopbackV4, ipv6: false).Concat(Read($"{proc}/tcp6", LoopbackV6, ipv6: true));

    private static IEnumerable<LoopbackPort> Read(string file, string address, bool ipv6)
    {
        if (!File.Exists(file))
        {
            yield break;
        }

        foreach (var line in File.ReadLines(file).Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 3 && fields[3] == Listening && fields[1].Split(':') is [var local, var port] && local == address)
            {
                yield return new LoopbackPort(int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture), ipv6);
            }
        }
    }
}
