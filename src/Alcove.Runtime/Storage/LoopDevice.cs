using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>
/// A file as a block device (loop(4)). It clears itself when the last mount of it goes, so that nothing is left over whoever dies.
/// Never a second one on the same image: both would mount, and destroy it. Where the image has one, also one whose mount is in a
/// namespace that cannot be seen from here, that is mounted again.
/// </summary>
internal static unsafe class LoopDevice
{
    private const nuint GetFree = 0x4C82;
    private const nuint GetStatus = 0x4C05;
    private const nuint Configure = 0x4C0A;
    private const uint AutoClear = 4;
    private const uint DirectIo = 16;
    private const int Busy = 16;
    private const uint BlockDevice = 0x6000 | 0x1B0;
    private const int Attempts = 200;

    /// <summary>Between the look for a device and the making of one, nobody else may make one for the same image.</summary>
    private static readonly Lock Attaching = new();

    /// <summary>Attaches the image and, while the device is held open, mounts it: it lives on as long as that mount.</summary>
    /// <exception cref="RuntimeException">No device is to be had, or the mount fails.</exception>
    public static void Mount(string image, string target, string type, nuint flags, string options)
    {
        var backing = Libc.Open(image, Libc.ReadWrite | Libc.CloseOnExec, 0);
        if (backing < 0)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"open {image}: {Libc.LastError}");
        }

        try
        {
            var (device, descriptor) = FindOrAttach(image, backing);
            try
            {
                Mounts.Mount(device, target, type, flags, options);
            }
            finally
            {
                _ = Libc.Close(descriptor);
            }
        }
        finally
        {
            _ = Libc.Close(backing);
        }
    }

    private static (string Device, int Descriptor) FindOrAttach(string image, int backing)
    {
        lock (Attaching)
        {
            return Find(image) ?? Attach(image, backing);
        }
    }

    /// <summary>The device that has this very file: by inode, since its name may be another in the namespace where it was attached.</summary>
    private static (string Device, int Descriptor)? Find(string image)
    {
        if (FileStatus.Of(image) is not { Identity: var wanted })
        {
            return null;
        }

        foreach (var attached in Directory.EnumerateDirectories("/sys/block", "loop*").Where(path => Directory.Exists(path + "/loop")))
        {
            var device = "/dev/" + Path.GetFileName(attached);
            var descriptor = Libc.Open(device, Libc.ReadWrite | Libc.CloseOnExec, 0);
            if (descriptor < 0)
            {
                continue;
            }

            LoopInformation information = default;
            if (Libc.Ioctl(descriptor, GetStatus, &information) == 0 && new FileIdentity(information.Device, information.Inode) == wanted)
            {
                return (device, descriptor);
            }

            _ = Libc.Close(descriptor);
        }

        return null;
    }

    private static (string Device, int Descriptor) Attach(string image, int backing)
    {
        var control = Libc.Open("/dev/loop-control", Libc.ReadWrite | Libc.CloseOnExec, 0);
        if (control < 0)
        {
            throw new RuntimeException(RuntimeFailure.NotReady, $"/dev/loop-control: {Libc.LastError}");
        }

        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var number = Libc.Ioctl(control, GetFree, 0);
                if (number >= 0 && TryConfigure(number, image, backing) is { } attached)
                {
                    return attached;
                }
            }

            throw new RuntimeException(RuntimeFailure.Failed, $"no loop device for {image}: {Libc.LastError}");
        }
        finally
        {
            _ = Libc.Close(control);
        }
    }

    /// <returns>Null when somebody else was quicker.</returns>
    private static (string Device, int Descriptor)? TryConfigure(int number, string image, int backing)
    {
        var device = "/dev/loop" + number.ToString(CultureInfo.InvariantCulture);
        if (!File.Exists(device))
        {
            _ = Libc.MakeNode(device, BlockDevice, FileIdentity.DeviceNumber(7, (uint)number));
        }

        var descriptor = Libc.Open(device, Libc.ReadWrite | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            return null;
        }

        var config = new LoopConfiguration { Descriptor = (uint)backing };
        config.Info.Flags = AutoClear | DirectIo;
        var name = Encoding.UTF8.GetBytes(image);
        for (var i = 0; i < Math.Min(name.Length, 63); i++)
        {
            config.Info.FileName[i] = name[i];
        }

        if (Libc.Ioctl(descriptor, Configure, &config) == 0)
        {
            return (device, descriptor);
        }

        var error = Libc.LastErrno;
        _ = Libc.Close(descriptor);
        return error == Busy ? null : throw new RuntimeException(RuntimeFailure.Failed, $"{device}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary><c>struct loop_config</c> (linux/loop.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LoopConfiguration
    {
        public uint Descriptor;
        public uint BlockSize;
        public LoopInformation Info;
        public fixed ulong Reserved[8];
    }

    /// <summary><c>struct loop_info64</c> (linux/loop.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LoopInformation
    {
        public ulong Device;
        public ulong Inode;
        public ulong RealDevice;
        public ulong Offset;
        public ulong SizeLimit;
        public uint Number;
        public uint EncryptType;
        public uint EncryptKeySize;
        public uint Flags;
        public fixed byte FileName[64];
        public fixed byte CryptName[64];
        public fixed byte EncryptKey[32];
        public fixed ulong Init[2];
    }
}
