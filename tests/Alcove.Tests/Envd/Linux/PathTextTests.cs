using System.Text;
using Alcove.Envd.Linux;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Envd.Linux;

public sealed class PathTextTests
{
    [Fact]
    public void Decode_AnyBytes_ComeBackAsTheyWere() =>
        Gen.Byte.Array[0, 60].Sample(bytes => Assert.Equal(bytes, PathText.Encode(PathText.Decode(bytes))));

    [Fact]
    public void Decode_Text_IsThatText() => Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
    {
        Assert.Equal(text, PathText.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(text, PathText.Readable(text));
    });

    [Fact]
    public void Readable_AnyBytes_IsTextAsItIs() =>
        Gen.Byte.Array[0, 60].Sample(bytes => Assert.Equal(Encoding.UTF8.GetString(bytes), PathText.Readable(PathText.Decode(bytes))));
}
