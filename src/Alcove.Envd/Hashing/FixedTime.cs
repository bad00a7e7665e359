using System.Runtime.CompilerServices;
using System.Text;

namespace Alcove.Envd.Hashing;

/// <summary>Compares secrets in a time that says nothing of where they differ.</summary>
internal static class FixedTime
{
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    public static bool Equal(string left, string right)
    {
        var (first, second) = (Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
        var difference = first.Length ^ second.Length;
        for (var i = 0; i < Math.Min(first.Length, second.Length); i++)
        {
            difference |= first[i] ^ second[i];
        }

        return difference == 0;
    }
}
