using System.Security.Cryptography;
using Alcove.Envd.Hashing;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Envd.Hashing;

public sealed class Sha2Tests
{
    [Fact]
    public void Hash256_AnyBytes_IsTheFrameworks() => Gen.Byte.Array[0, 300].Sample(data => Assert.Equal(SHA256.HashData(data), Sha2.Hash256(data)));

    [Fact]
    public void Hash512_AnyBytes_IsTheFrameworks() => Gen.Byte.Array[0, 300].Sample(data => Assert.Equal(SHA512.HashData(data), Sha2.Hash512(data)));

    [Fact]
    public void FixedTime_AnyTexts_IsEquality() =>
        Gen.Select(Gen.String[0, 5], Gen.String[0, 5]).Sample((left, right) => Assert.Equal(left == right, FixedTime.Equal(left, right)));
}
