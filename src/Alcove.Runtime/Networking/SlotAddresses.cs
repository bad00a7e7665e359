using System.Buffers.Binary;
using System.Net;

namespace Alcove.Runtime.Networking;

/// <summary>Slots are numbered from 1; each number is one address of the range and one link name.</summary>
internal sealed class SlotAddresses(IPNetwork range, string installation)
{
    /// <summary>What the tables of all installations begin with.</summary>
    public const string TablePrefix = "alcove_";

    /// <summary>Slots at most: all addresses of the range but its first and last.</summary>
    public int Count { get; } = (1 << (32 - range.PrefixLength)) - 2;

    public IPAddress Of(int slot)
    {
        Span<byte> bytes = stackalloc byte[4];
        range.BaseAddress.TryWriteBytes(bytes, out _);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) + (uint)slot);
        return new IPAddress(bytes);
    }

    /// <summary>The host's end of a slot's link: at most 15 characters.</summary>
    public string Link(int slot) => $"{LinkPrefix}{slot:x}";

    public string LinkPrefix => $"al{installation}";

    public string Table => TablePrefix + installation;

    public string Range => range.ToString();
}
