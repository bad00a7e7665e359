using System.Globalization;
using System.Text;

namespace Alcove.Runtime.Crun;

/// <summary>How long the stages of an act took, for the log: milliseconds, in the order in which they were done.</summary>
internal sealed class Stages(TimeProvider time)
{
    private readonly StringBuilder _text = new();
    private long _since = time.GetTimestamp();

    /// <summary>Ends a stage; the next one begins.</summary>
    public void Done(string stage)
    {
        var now = time.GetTimestamp();
        _text.Append(_text.Length == 0 ? string.Empty : ", ").Append(CultureInfo.InvariantCulture, $"{stage} {time.GetElapsedTime(_since, now).TotalMilliseconds:0.0}");
        _since = now;
    }

    public override string ToString() => _text.ToString();
}
