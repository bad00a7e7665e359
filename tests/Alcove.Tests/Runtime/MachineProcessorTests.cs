using Alcove.Runtime;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class MachineProcessorTests
{
    [Fact]
    public void Parse_TakesTheFirstProcessor()
    {
        var processor = MachineProcessor.Parse(["processor\t: 0", "cpu family\t: 6", "model\t\t: 85", "model name\t: A: B", "", "processor\t: 1", "model\t\t: 99"]);
        Assert.Equal(("6", "85", "A: B"), (processor.Family, processor.Model, processor.ModelName));
    }

    [Fact]
    public void Parse_OfAnArchitectureThatNamesNone_IsEmpty()
    {
        var processor = MachineProcessor.Parse(["processor\t: 0", "BogoMIPS\t: 50.00"]);
        Assert.Equal(("", "", ""), (processor.Family, processor.Model, processor.ModelName));
    }

    [Fact]
    public void ParseTimes_IdleAndWaiting_AreNotBusy() => Assert.Equal((100, 1000), MachineProcessor.ParseTimes("cpu  50 10 20 800 100 5 10 5 30 0"));

    [Fact]
    public void Percent_OfThisMachine_IsAShare() => Assert.InRange(MachineProcessor.Read().Percent(), 0, 100);
}
