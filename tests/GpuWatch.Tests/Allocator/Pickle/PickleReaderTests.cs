using System.Text;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Allocator.Pickle;
using GpuWatch.Core.Units;
using GpuWatch.Tests.Support;

namespace GpuWatch.Tests.Allocator.Pickle;

public sealed class PickleReaderTests
{
    [ToolFact("python3")]
    public void What_Python_pickles_by_any_protocol_is_read_as_it_was() =>
        Prop.ForAll(PickledValue.Literals, literal => Assert.All(
            Python.Pickled(literal),
            pickle => Assert.Equal(literal, PickledValue.Source(Read(pickle))))).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [ToolFact("python3")]
    public void What_is_shared_stays_shared_and_what_holds_itself_holds_itself() => Assert.All(
        Python.Pickled("{'a': shared, 'b': shared}", "shared = [1]\nshared.append(shared)"),
        pickle =>
        {
            var dict = Read(pickle).Dict!;
            Assert.Same(dict.Find("a")!.Value.List, dict.Find("b")!.Value.List);
            Assert.Same(dict.Find("a")!.Value.List, dict.Find("a")!.Value.List![1].List);
        });

    [ToolFact("python3")]
    public void A_list_of_thousands_comes_in_parts_and_is_whole() => Assert.All(
        Python.Pickled("[list(range(5000)), {str(key): key for key in range(5000)}]"),
        pickle =>
        {
            var both = Read(pickle).List!;
            Assert.Equal((5000, 5000), (both[0].List!.Count, both[1].Dict!.Count));
            Assert.All(Enumerable.Range(0, 5000), number => Assert.Equal((number, number), (both[0].List![number].Integer, both[1].Dict!.Find($"{number}")!.Value.Integer)));
        });

    [ToolFact("python3")]
    public void A_number_beyond_64_bits_is_known_to_be_one() => Assert.All(
        Python.Pickled("[1 << 63, -(1 << 63), 1 << 5000]"),
        pickle => Assert.Equal("[a number beyond 64 bits, -9223372036854775808, a number beyond 64 bits]", PickledValue.Source(Read(pickle))));

    [ToolFact("python3")]
    public void A_pickle_that_would_run_a_command_is_refused_with_its_place_and_runs_nothing()
    {
        using var folder = new TemporaryFolder();
        var witness = folder.File("witness");
        var pickles = Python.Pickled("{'segments': [Evil()]}", $"import os\nclass Evil:\n    def __reduce__(self): return (os.system, ('touch {witness}',))\n");

        Assert.All(pickles, pickle =>
        {
            var refused = Assert.Throws<BadInputException>(() => Read(pickle));
            Assert.Matches(@"^x\.pickle:byte \d+: the pickle holds an object of a class \(\w+\), which is not loaded: it could run code; expected ", refused.Message);
        });
        Assert.False(File.Exists(witness));
    }

    /// <summary>Each opcode that imports, calls, builds or asks somebody else (CPython, Lib/pickletools.py).</summary>
    [Theory]
    [InlineData("cos\nsystem\n.", 0)]
    [InlineData("(ios\nsystem\n.", 1)]
    [InlineData("(N.o", -1)]
    [InlineData("(o.", 1)]
    [InlineData("N)R.", 2)]
    [InlineData("N}b.", 2)]
    [InlineData("N)\u0081.", 2)]
    [InlineData("N)}\u0092.", 3)]
    [InlineData("NN\u0093.", 2)]
    [InlineData("Pid\n.", 0)]
    [InlineData("NQ.", 1)]
    [InlineData("\u0082\u0001.", 0)]
    [InlineData("\u0083\u0001\0.", 0)]
    [InlineData("\u0084\u0001\0\0\0.", 0)]
    [InlineData("\u0097.", 0)]
    [InlineData("N\u0098.", 1)]
    public void An_opcode_that_could_run_code_is_refused_where_it_stands(string pickle, int offset)
    {
        var bytes = Encoding.Latin1.GetBytes(pickle);
        if (offset < 0)
        {
            // Behind the end of the pickle nothing is read.
            Read(bytes);
            return;
        }
        Assert.StartsWith($"x.pickle:byte {offset}: the pickle holds an object of a class (", Assert.Throws<BadInputException>(() => Read(bytes)).Message);
    }

    [Theory]
    [InlineData("", 0, "the file is empty")]
    [InlineData("a.", 0, "a value is taken that was never put there")]
    [InlineData("N(N0N0.", 6, "a value is taken")]
    [InlineData("0.", 0, "a value is taken")]
    [InlineData("e.", 0, "a value is taken")]
    [InlineData("](a.", 2, "a value is taken")]
    [InlineData("NNa.", 2, "something is added to None; expected a list")]
    [InlineData("NNNs.", 3, "a key is set in None; expected a dict")]
    [InlineData("}(Nu.", 3, "a key has no value")]
    [InlineData("N\u0087.", 1, "a value is taken")]
    [InlineData("N(N\u0086.", 3, "a value is taken")]
    [InlineData("h\u0005.", 0, "nothing was put aside as number 5")]
    [InlineData("g-1\n.", 0, "a memo number is none")]
    [InlineData("Ix\n.", 0, "\"x\" is no number")]
    [InlineData("Fx\n.", 0, "\"x\" is no number")]
    [InlineData("S'x\n.", 0, "a quoted text has no end")]
    [InlineData("\u0080\u0006.", 0, "pickle protocol 6 is unknown; expected protocol 0 to 5")]
    [InlineData("\u001f\u008b\u0008", 0, "byte 0x1f is no pickle opcode")]
    [InlineData("(((", 3, "the file ends in the middle of the pickle")]
    public void What_is_no_pickle_is_named_with_its_byte(string pickle, int offset, string problem)
    {
        var bad = Assert.Throws<BadInputException>(() => Read(Encoding.Latin1.GetBytes(pickle)));

        Assert.StartsWith($"x.pickle:byte {offset}: {problem}", bad.Message);
    }

    [Fact]
    public void Containers_nested_a_million_deep_cost_no_stack()
    {
        const int Depth = 1_000_000;
        var pickle = new byte[Depth * 2];
        pickle.AsSpan(0, Depth).Fill((byte)']');
        pickle.AsSpan(Depth).Fill((byte)'a');
        pickle[^1] = (byte)'.';

        Assert.Equal(1, Read(pickle).List!.Count);
    }

    /// <summary>Declared: texts and bytes of 2^62 and 2^32 bytes, a number of 2^32, memo number 2^32 - 1.</summary>
    [Theory]
    [InlineData("\u008d\0\0\0\0\0\0\0\u0040abc")]
    [InlineData("\u008e\0\0\0\0\0\0\0\u0040abc")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ffabc")]
    [InlineData("X\u00ff\u00ff\u00ff\u000fabc")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ffabc")]
    [InlineData("B\u00ff\u00ff\u00ff\u00ffabc")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u00ffabc")]
    [InlineData("Nr\u00ff\u00ff\u00ff\u00ff")]
    [InlineData("Np9999999999999999\n")]
    public void A_length_that_the_file_does_not_have_takes_no_memory(string pickle)
    {
        var bytes = Encoding.Latin1.GetBytes(pickle);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<BadInputException>(() => Read(bytes));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_memo_number_far_ahead_is_kept_like_another() =>
        Assert.Equal("('a', 'b', )", PickledValue.Source(Read(Encoding.Latin1.GetBytes("(X\u0001\0\0\0ar\u00ff\u00ff\u00ff\u00ff0X\u0001\0\0\0bq\u00000j\u00ff\u00ff\u00ff\u00ffh\0t."))));

    private static PickleValue Read(byte[] pickle) => PickleReader.Read(new MemoryStream(pickle), "x.pickle", _ => null, out _);
}
