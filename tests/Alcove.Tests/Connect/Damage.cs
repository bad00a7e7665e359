using System.Text;
using CsCheck;

namespace Alcove.Tests.Connect;

/// <summary>A way to spoil bytes: some are overwritten, then some are cut out, then something is put in their place.</summary>
internal sealed record Damage(int Seed, int Overwritten, int Cut, string Inserted)
{
    private static readonly Gen<string> Fragments = CsCheck.Gen.OneOfConst(
        "", "", "\"", "{", "}", "[", "]", ",", ":", "null", "\\", "\\ud800", "-", "1e999", "9999999999999999999999", "\0", "{\"a\":", "[[[[");

    public static readonly Gen<Damage> Gen = CsCheck.Gen.Select(
        CsCheck.Gen.Int, CsCheck.Gen.Int[0, 3], CsCheck.Gen.Int[0, 4], Fragments, (seed, overwritten, cut, inserted) => new Damage(seed, overwritten, cut, inserted));

    public byte[] Apply(byte[] bytes)
    {
        var random = new Random(Seed);
        var spoilt = bytes.ToArray();
        for (var i = 0; i < Overwritten && spoilt.Length > 0; i++)
        {
            spoilt[random.Next(spoilt.Length)] = (byte)random.Next(256);
        }

        var at = random.Next(spoilt.Length + 1);
        var rest = Math.Min(spoilt.Length, at + Cut);
        return [.. spoilt[..at], .. Encoding.UTF8.GetBytes(Inserted), .. spoilt[rest..]];
    }
}
