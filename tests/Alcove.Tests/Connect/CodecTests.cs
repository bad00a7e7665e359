using System.Buffers;
using System.Text;
using Alcove.Connect.Codecs;
using Alcove.Protocol.Filesystem;
using Alcove.Protocol.Processes;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Alcove.Tests.Connect;

/// <summary>The codecs against protobuf's own, and against the shapes that clients send.</summary>
public sealed class CodecTests
{
    /// <summary>Enough to find, for instance, a single byte that is not UTF-8 inside a timestamp.</summary>
    private const int Rounds = 5_000;

    private static readonly JsonParser TheirParser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    [Fact]
    public void Message_InEitherCodec_ComesBackTheSame() => AnyMessage.Gen.Sample(message =>
        Read(MessageCodec.Json, Written(MessageCodec.Json, message), message).Equals(message)
        && Read(MessageCodec.Binary, Written(MessageCodec.Binary, message), message).Equals(message), iter: Rounds);

    [Fact]
    public void Json_OfOurs_IsReadByTheirs() => AnyMessage.Gen.Sample(message =>
        TheirParser.Parse(Encoding.UTF8.GetString(Written(MessageCodec.Json, message)), message.Descriptor).Equals(message), iter: Rounds);

    [Fact]
    public void Json_OfTheirs_IsReadByOurs() => AnyMessage.Gen.Sample(message =>
        Read(MessageCodec.Json, Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message)), message).Equals(message), iter: Rounds);

    [Fact]
    public void Json_WithNamesAsInTheProtoFile_IsReadToo() => AnyMessage.Gen.Sample(message =>
        Read(MessageCodec.Json, Encoding.UTF8.GetBytes(new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true)).Format(message)), message)
            .Equals(message), iter: Rounds);

    [Fact]
    public void Bytes_InAnyPieces_AreReadAlike() => Gen.Select(AnyMessage.Gen, Gen.Int[1, 9], Gen.Bool).Sample((message, size, json) =>
    {
        var codec = json ? MessageCodec.Json : MessageCodec.Binary;
        return Read(codec, Pieces.Of(Written(codec, message), size), message).Equals(message);
    }, iter: Rounds);

    [Fact]
    public void Json_Damaged_IsAMessageOrMalformed() => Gen.Select(AnyMessage.Gen, Damage.Gen).Sample((message, damage) =>
        ReadsOrRefuses(MessageCodec.Json, damage.Apply(Written(MessageCodec.Json, message)), message), iter: Rounds);

    [Fact]
    public void Binary_Damaged_IsAMessageOrMalformed() => Gen.Select(AnyMessage.Gen, Damage.Gen).Sample((message, damage) =>
        ReadsOrRefuses(MessageCodec.Binary, damage.Apply(Written(MessageCodec.Binary, message)), message), iter: Rounds);

    public static TheoryData<IMessage, string> Shapes => new()
    {
        { new ProcessEvent { End = new() { Exited = true, Status = "exit status 0" } }, """{"end":{"exited":true,"status":"exit status 0"}}""" },
        {
            new ProcessEvent { End = new() { ExitCode = 1, Exited = true, Status = "exit status 1", Error = "exit status 1" } },
            """{"end":{"exitCode":1,"exited":true,"status":"exit status 1","error":"exit status 1"}}"""
        },
        {
            new ProcessEvent { End = new() { ExitCode = -1, Status = "signal: killed", Error = "signal: killed" } },
            """{"end":{"exitCode":-1,"status":"signal: killed","error":"signal: killed"}}"""
        },
        { new ProcessEvent { Keepalive = new() }, """{"keepalive":{}}""" },
        { new ProcessEvent.Types.DataEvent { Stderr = ByteString.Empty }, """{"stderr":""}""" },
        { new ProcessSelector { Pid = 0 }, """{"pid":0}""" },
        { new StartRequest { Stdin = false, Tag = "" }, """{"tag":"","stdin":false}""" },
        { new ListResponse(), "{}" },
        { new ProcessConfig { Cmd = "half \ud800 a pair" }, "{\"cmd\":\"half \\uFFFD a pair\"}" },
        { new SendSignalRequest { Signal = Signal.Sigkill }, """{"signal":"SIGNAL_SIGKILL"}""" },
        { new SendSignalRequest { Signal = (Signal)2 }, """{"signal":2}""" },
        {
            new EntryInfo { Name = "ä \"<b>\"", Type = FileType.File, Size = 13, Mode = 420, ModifiedTime = new Timestamp { Seconds = 1, Nanos = 500_000_000 }, Metadata = { ["k"] = "v" } },
            """{"name":"ä \"<b>\"","type":"FILE_TYPE_FILE","size":"13","mode":420,"modifiedTime":"1970-01-01T00:00:01.500Z","metadata":{"k":"v"}}"""
        },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Json_Written_HasTheContractsShape(IMessage message, string json) =>
        Assert.Equal(json, Encoding.UTF8.GetString(Written(MessageCodec.Json, message)));

    public static TheoryData<string, IMessage> Generosities => new()
    {
        { """ { "process" : { "cmd" : "ls" } } """, new StartRequest { Process = new() { Cmd = "ls" } } },
        { """{"process":null,"pty":null,"tag":null,"stdin":null}""", new StartRequest() },
        { """{"process":{"args":null,"envs":null,"cwd":null}}""", new StartRequest { Process = new() } },
        { """{"nobody":{"knows":[1,{"this":null}]},"tag":"t"}""", new StartRequest { Tag = "t" } },
        { """{"tag":"a","tag":"b"}""", new StartRequest { Tag = "b" } },
        { """{"include_entry":true,"allowNetworkMounts":true}""", new WatchDirRequest { IncludeEntry = true, AllowNetworkMounts = true } },
        { """{"signal":9}""", new SendSignalRequest { Signal = Signal.Sigkill } },
        { """{"signal":77}""", new SendSignalRequest { Signal = (Signal)77 } },
        { """{"signal":"SIGNAL_OF_TOMORROW"}""", new SendSignalRequest() },
        { """{"pid":"7"}""", new ProcessSelector { Pid = 7 } },
        { """{"pid":7.0}""", new ProcessSelector { Pid = 7 } },
        { """{"pid":7e2}""", new ProcessSelector { Pid = 700 } },
        { """{"pid":7,"tag":null}""", new ProcessSelector { Pid = 7 } },
        { """{"stdin":"+/8="}""", new ProcessInput { Stdin = ByteString.CopyFrom(0xfb, 0xff) } },
        { """{"stdin":"+/8"}""", new ProcessInput { Stdin = ByteString.CopyFrom(0xfb, 0xff) } },
        { """{"stdin":"-_8="}""", new ProcessInput { Stdin = ByteString.CopyFrom(0xfb, 0xff) } },
        { """{"stdin":"-_8"}""", new ProcessInput { Stdin = ByteString.CopyFrom(0xfb, 0xff) } },
        { """{"stdin":"+\/8="}""", new ProcessInput { Stdin = ByteString.CopyFrom(0xfb, 0xff) } },
        { """{"stdin":""}""", new ProcessInput { Stdin = ByteString.Empty } },
        { """{"cmd":"\u00e4\ud83d\ude00"}""", new ProcessConfig { Cmd = "ä\U0001F600" } },
        { """{"size":13}""", new EntryInfo { Size = 13 } },
        { """{"modifiedTime":"1970-01-01T01:00:01+01:00"}""", new EntryInfo { ModifiedTime = new Timestamp { Seconds = 1 } } },
        { """{"aDouble":"1.5","aFloat":"Infinity"}""", new EveryKind { ADouble = 1.5, AFloat = float.PositiveInfinity } },
        { """{"renamed":"a"}""", new EveryKind { Renamed = "a" } },
    };

    [Theory]
    [MemberData(nameof(Generosities))]
    public void Json_OfClients_IsRead(string json, IMessage message) =>
        Assert.Equal(message, Read(MessageCodec.Json, Encoding.UTF8.GetBytes(json), message));

    public static TheoryData<string, IMessage> Misfits => new()
    {
        { "", new StartRequest() },
        { "null", new StartRequest() },
        { "\ufeff{}", new StartRequest() },
        { "{} x", new StartRequest() },
        { """{"tag":"t",}""", new StartRequest() },
        { """{"tag":"t"/**/}""", new StartRequest() },
        { """{"tag":7}""", new StartRequest() },
        { """{"tag":"\udc00"}""", new StartRequest() },
        { """{"\udc00":1}""", new StartRequest() },
        { """{"stdin":"true"}""", new StartRequest() },
        { """{"stdin":1}""", new StartRequest() },
        { """{"process":[]}""", new StartRequest() },
        { """{"args":{}}""", new ProcessConfig() },
        { """{"args":[null]}""", new ProcessConfig() },
        { """{"envs":[]}""", new ProcessConfig() },
        { """{"envs":{"a":null}}""", new ProcessConfig() },
        { """{"envs":{"a":1}}""", new ProcessConfig() },
        { """{"pid":-1}""", new ProcessSelector() },
        { """{"pid":4294967296}""", new ProcessSelector() },
        { """{"pid":1.5}""", new ProcessSelector() },
        { """{"pid":1e99}""", new ProcessSelector() },
        { """{"pid":" 1"}""", new ProcessSelector() },
        { """{"pid":""}""", new ProcessSelector() },
        { """{"pid":true}""", new ProcessSelector() },
        { """{"pid":7,"tag":"t"}""", new ProcessSelector() },
        { """{"stdin":"a"}""", new ProcessInput() },
        { """{"stdin":"a?b="}""", new ProcessInput() },
        { """{"stdin":7}""", new ProcessInput() },
        { """{"signal":1.5}""", new SendSignalRequest() },
        { """{"signal":true}""", new SendSignalRequest() },
        { """{"modifiedTime":"yesterday"}""", new EntryInfo() },
        { """{"modifiedTime":{}}""", new EntryInfo() },
        { """{"aFloat":1e39}""", new EveryKind() },
        { """{"aDouble":1e999}""", new EveryKind() },
        { """{"aDouble":"1e999"}""", new EveryKind() },
        { """{"aDouble":false}""", new EveryKind() },
        { """{"byInt32":{"x":""}}""", new EveryKind() },
        { """{"byBool":{"x":1}}""", new EveryKind() },
        { string.Concat(Enumerable.Repeat("""{"aMessage":""", 200)) + "{}" + new string('}', 200), new EveryKind() },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Json_ThatDoesNotFit_IsMalformed(string json, IMessage message) =>
        Assert.Throws<MalformedException>(() => Read(MessageCodec.Json, Encoding.UTF8.GetBytes(json), message));

    private static byte[] Written(MessageCodec codec, IMessage message)
    {
        using var buffer = new PooledBuffer(1);
        codec.Write(message, buffer);
        return buffer.Written.ToArray();
    }

    private static IMessage Read(MessageCodec codec, byte[] bytes, IMessage like) => Read(codec, new ReadOnlySequence<byte>(bytes), like);

    private static IMessage Read(MessageCodec codec, ReadOnlySequence<byte> bytes, IMessage like) => like switch
    {
        EveryKind => codec.Read(bytes, EveryKind.Parser),
        _ => (IMessage)typeof(MessageCodec).GetMethod(nameof(MessageCodec.Read))!.MakeGenericMethod(like.GetType())
            .Invoke(codec, System.Reflection.BindingFlags.DoNotWrapExceptions, null, [bytes, like.Descriptor.Parser], null)!,
    };

    private static bool ReadsOrRefuses(MessageCodec codec, byte[] bytes, IMessage like)
    {
        try
        {
            Read(codec, bytes, like);
            return true;
        }
        catch (MalformedException)
        {
            return true;
        }
    }
}
