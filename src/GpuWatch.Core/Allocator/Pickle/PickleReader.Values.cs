using System.Globalization;
using System.Numerics;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>Numbers, containers, and the opcodes that are refused.</summary>
internal sealed partial class PickleReader
{
    /// <summary>Opcodes that CPython knows and that would run code, or need somebody else's table to be understood.</summary>
    private static readonly Dictionary<char, string> RunsCode = new()
    {
        ['c'] = "GLOBAL", ['\x93'] = "STACK_GLOBAL", ['i'] = "INST", ['o'] = "OBJ", ['R'] = "REDUCE", ['b'] = "BUILD", ['\x81'] = "NEWOBJ",
        ['\x92'] = "NEWOBJ_EX", ['P'] = "PERSID", ['Q'] = "BINPERSID", ['\x82'] = "EXT1", ['\x83'] = "EXT2", ['\x84'] = "EXT4",
        ['\x97'] = "NEXT_BUFFER", ['\x98'] = "READONLY_BUFFER",
    };

    private BadInputException Refused(char opcode) => RunsCode.TryGetValue(opcode, out var name)
        ? Bad($"the pickle holds an object of a class ({name}), which is not loaded: it could run code", "expected containers and primitives only, as PyTorch's memory snapshots have them")
        : Bad(string.Create(CultureInfo.InvariantCulture, $"byte 0x{(int)opcode:x2} is no pickle opcode"));

    /// <summary>Two's complement, the least byte first.</summary>
    private PickleValue Long(long length)
    {
        if (length > 64)
        {
            input.Skip(length);
            return PickleValue.Huge;
        }
        var value = new BigInteger(input.Take((int)length));
        return value >= long.MinValue && value <= long.MaxValue ? PickleValue.Of((long)value) : PickleValue.Huge;
    }

    /// <summary>Protocol 0 and 1 write truth values as numbers with a nought before.</summary>
    private PickleValue DecimalOrTruth(string text) => text switch { "00" => PickleValue.Of(false), "01" => PickleValue.Of(true), _ => Decimal(text) };

    private PickleValue Decimal(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? PickleValue.Of(value) :
        text.Length > 18 && text.AsSpan().TrimStart('-').IndexOfAnyExceptInRange('0', '9') < 0 ? PickleValue.Huge :
        throw Bad($"\"{Plain.Text(text)}\" is no number");

    private PickleValue Fraction(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? PickleValue.Of(value) : text switch
        {
            "inf" => PickleValue.Of(double.PositiveInfinity),
            "-inf" => PickleValue.Of(double.NegativeInfinity),
            "nan" => PickleValue.Of(double.NaN),
            _ => throw Bad($"\"{Plain.Text(text)}\" is no number"),
        };

    private long Number() => Decimal(input.Line()).Integer is >= 0 and var number ? number : throw Bad("a memo number is none");

    private void Bytes(long length)
    {
        input.Skip(length);
        Push(PickleValue.Bytes);
    }

    /// <param name="at">Where on the stack it will stand: below it lies the key, if it is a value of a dict.</param>
    private PickleList NewList(int at) => (at > 0 && stack[at - 1].Text is { } key ? listUnder(key) : null) ?? new PickleList("a list");

    private void FromMark(string kind)
    {
        var mark = Mark();
        var list = kind == "a list" ? NewList(mark) : new PickleList(kind);
        list.Add(stack.AsSpan(mark, depth - mark));
        Cut(mark);
        Push(PickleValue.Of(list));
    }

    private void Tuple(int count)
    {
        if (depth - count < Floor)
        {
            throw Missing();
        }
        var tuple = PickleList.Of("a tuple", stack.AsSpan(depth - count, count));
        Cut(depth - count);
        Push(PickleValue.Of(tuple));
    }

    /// <summary>What lies from there on goes to the end of the list below it.</summary>
    private void Append(int from)
    {
        if (from <= Floor || from > depth)
        {
            throw Missing();
        }
        var list = stack[from - 1].List ?? throw Bad($"something is added to {stack[from - 1].Kind}", "expected a list");
        list.Add(stack.AsSpan(from, depth - from));
        Cut(from);
    }

    private void Dict(int mark)
    {
        var dict = new PickleDict();
        dict.Add(Pairs(mark), shapes);
        Cut(mark);
        Push(PickleValue.Of(dict));
    }

    private void SetItems(int from)
    {
        if (from <= Floor || from > depth)
        {
            throw Missing();
        }
        var dict = stack[from - 1].Dict ?? throw Bad($"a key is set in {stack[from - 1].Kind}", "expected a dict");
        dict.Add(Pairs(from), shapes);
        Cut(from);
    }

    private ReadOnlySpan<PickleValue> Pairs(int from) =>
        (depth - from) % 2 == 0 ? stack.AsSpan(from, depth - from) : throw Bad("a key has no value");

    /// <summary>What is off the stack is forgotten, so that memory goes with it.</summary>
    private void Cut(int from)
    {
        stack.AsSpan(from, depth - from).Clear();
        depth = from;
    }
}
