using System.Buffers.Binary;
using System.Numerics;

namespace Alcove.Envd.Hashing;

/// <summary>
/// SHA-256 and SHA-512 (FIPS 180-4) in managed code: the framework's own lead to OpenSSL, which a sandbox's root need not have, and
/// which would double the daemon. For tokens and signatures of some hundred bytes.
/// </summary>
internal static class Sha2
{
    private static readonly ulong[] Constants = FractionsOfCubeRoots();

    public static byte[] Hash256(ReadOnlySpan<byte> data)
    {
        uint[] state = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
        var padded = Pad(data, blockSize: 64);
        Span<uint> schedule = stackalloc uint[64];
        for (var offset = 0; offset < padded.Length; offset += 64)
        {
            for (var i = 0; i < 64; i++)
            {
                schedule[i] = i < 16
                    ? BinaryPrimitives.ReadUInt32BigEndian(padded.AsSpan(offset + (i * 4)))
                    : schedule[i - 16] + Small(schedule[i - 15], 7, 18, 3) + schedule[i - 7] + Small(schedule[i - 2], 17, 19, 10);
            }

            Compress(state, schedule);
        }

        var hash = new byte[32];
        for (var i = 0; i < 8; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(i * 4), state[i]);
        }

        return hash;
    }

    public static byte[] Hash512(ReadOnlySpan<byte> data)
    {
        ulong[] state =
        [
            0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
        ];
        var padded = Pad(data, blockSize: 128);
        Span<ulong> schedule = stackalloc ulong[80];
        for (var offset = 0; offset < padded.Length; offset += 128)
        {
            for (var i = 0; i < 80; i++)
            {
                schedule[i] = i < 16
                    ? BinaryPrimitives.ReadUInt64BigEndian(padded.AsSpan(offset + (i * 8)))
                    : schedule[i - 16] + Small(schedule[i - 15], 1, 8, 7) + schedule[i - 7] + Small(schedule[i - 2], 19, 61, 6);
            }

            Compress(state, schedule);
        }

        var hash = new byte[64];
        for (var i = 0; i < 8; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(hash.AsSpan(i * 8), state[i]);
        }

        return hash;
    }

    private static void Compress(uint[] state, ReadOnlySpan<uint> schedule)
    {
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < 64; i++)
        {
            var first = h + (uint.RotateRight(e, 6) ^ uint.RotateRight(e, 11) ^ uint.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + (uint)(Constants[i] >> 32) + schedule[i];
            var second = (uint.RotateRight(a, 2) ^ uint.RotateRight(a, 13) ^ uint.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second);
        }

        uint[] mixed = [a, b, c, d, e, f, g, h];
        for (var i = 0; i < 8; i++)
        {
            state[i] += mixed[i];
        }
    }

    private static void Compress(ulong[] state, ReadOnlySpan<ulong> schedule)
    {
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < 80; i++)
        {
            var first = h + (ulong.RotateRight(e, 14) ^ ulong.RotateRight(e, 18) ^ ulong.RotateRight(e, 41)) + ((e & f) ^ (~e & g)) + Constants[i] + schedule[i];
            var second = (ulong.RotateRight(a, 28) ^ ulong.RotateRight(a, 34) ^ ulong.RotateRight(a, 39)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second);
        }

        ulong[] mixed = [a, b, c, d, e, f, g, h];
        for (var i = 0; i < 8; i++)
        {
            state[i] += mixed[i];
        }
    }

    private static uint Small(uint x, int first, int second, int shift) => uint.RotateRight(x, first) ^ uint.RotateRight(x, second) ^ (x >> shift);

    private static ulong Small(ulong x, int first, int second, int shift) => ulong.RotateRight(x, first) ^ ulong.RotateRight(x, second) ^ (x >> shift);

    /// <summary>A one, zeros, and the length in bits, to a whole number of blocks.</summary>
    private static byte[] Pad(ReadOnlySpan<byte> data, int blockSize)
    {
        var lengthSize = blockSize / 8;
        var padded = new byte[(data.Length + 1 + lengthSize + blockSize - 1) / blockSize * blockSize];
        data.CopyTo(padded);
        padded[data.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(padded.AsSpan(padded.Length - 8), (ulong)data.Length * 8);
        return padded;
    }

    /// <summary>The first 64 bits of the fractions of the cube roots of the first 80 primes; SHA-256 takes 32 of each.</summary>
    private static ulong[] FractionsOfCubeRoots()
    {
        var constants = new ulong[80];
        for (var (prime, count) = (2, 0); count < constants.Length; prime++)
        {
            if (Enumerable.Range(2, prime - 2).All(divisor => prime % divisor != 0))
            {
                constants[count++] = (ulong)(CubeRoot((BigInteger)prime << 192) & ulong.MaxValue);
            }
        }

        return constants;
    }

    private static BigInteger CubeRoot(BigInteger value)
    {
        var root = BigInteger.One << 68;
        while (true)
        {
            var next = ((2 * root) + (value / (root * root))) / 3;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }
}
