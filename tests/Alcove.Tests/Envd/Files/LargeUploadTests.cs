using System.Net;
using Alcove.Tests.Envd.Hosting;
using Xunit;

namespace Alcove.Tests.Envd.Files;

/// <summary>What measures the memory of the whole process, and so runs alone.</summary>
[CollectionDefinition(nameof(LargeUploadTests), DisableParallelization = true)]
[Collection(nameof(LargeUploadTests))]
public sealed class LargeUploadTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_PathFieldAfterHundredMebibytes_StaysSmallAndUnseen()
    {
        await using var host = await FilesHost.StartAsync();
        using var seen = new FileSystemWatcher(host.Home) { EnableRaisingEvents = true };
        var names = new System.Collections.Concurrent.ConcurrentBag<string?>();
        seen.Created += (_, e) => names.Add(e.Name);
        const int Size = 100 * 1024 * 1024;
        long held = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var form = new MultipartFormDataContent { { new StreamContent(new Zeros(Size, atEnd: () => held = GC.GetTotalMemory(forceFullCollection: true) - before), 256 * 1024), "file", "big.bin" }, { new StringContent("there"), "path" } };
        using var answer = await host.Http.PostAsync("/files", form, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Size, new FileInfo(host.InHome("there")).Length);
        Assert.DoesNotContain("big.bin", names);
        Assert.True(held < 32 * 1024 * 1024, $"{held} bytes were held when all had been sent");
    }

    private sealed class Zeros(long length, Action atEnd) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Take(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Take(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Take(Span<byte> buffer)
        {
            var taken = (int)Math.Min(buffer.Length, _left);
            buffer[..taken].Clear();
            if (taken == 0)
            {
                atEnd();
            }

            _left -= taken;
            return taken;
        }
    }
}
