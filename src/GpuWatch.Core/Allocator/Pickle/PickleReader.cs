using System.Globalization;
using GpuWatch.Core.Units;

namespace GpuWatch.Core.Allocator.Pickle;

/// <summary>
/// Reads what Python's pickle (protocols 0 to 5) and PyTorch's own pickler (2) write of containers and primitives. An opcode that would import,
/// call or build anything is refused where it stands: a file from outside runs nothing. Nesting costs no stack, and a container that holds itself
/// is read as such. (Opcodes and their operands: CPython, Lib/pickletools.py.)
/// </summary>
internal sealed partial class PickleReader
{
    private const int LatestProtocol = 5;

    private readonly PickleInput input;
    private readonly Func<string, PickleList?> listUnder;
    private readonly PickleDict.Shapes shapes = new();
    private readonly PickleMemo memo = new();
    private readonly Stack<int> marks = new();
    private PickleValue[] stack = new PickleValue[256];
    private int depth;

    /// <summary>Where the opcode at hand stands.</summary>
    private long offset;

    private PickleReader(PickleInput input, Func<string, PickleList?> listUnder) => (this.input, this.listUnder) = (input, listUnder);

    /// <param name="file">Its name, for messages.</param>
    /// <param name="listUnder">The list to be filled under a key of a dict, where it is a special one; null = the usual one.</param>
    /// <param name="length">Bytes of the pickle.</param>
    /// <exception cref="BadInputException">With the byte: it is no pickle, is cut short, or holds more than containers and primitives.</exception>
    public static PickleValue Read(Stream stream, string file, Func<string, PickleList?> listUnder, out long length)
    {
        var reader = new PickleReader(new PickleInput(stream, file), listUnder);
        while (reader.Step())
        {
        }
        length = reader.input.Offset;
        return reader.Pop();
    }

    /// <returns>False = that was the end.</returns>
    private bool Step()
    {
        offset = input.Offset;
        switch ((char)input.Next())
        {
            case '.': return false;
            case '\x80': Protocol(); break;
            case '\x95': input.Skip(8); break; // FRAME: a hint for readers that fetch ahead

            case '(': marks.Push(depth); break;
            case '0': Drop(); break;
            case '1': depth = Mark(); break;
            case '2': Push(Peek()); break;

            case 'N': Push(PickleValue.None); break;
            case '\x88': Push(PickleValue.Of(true)); break;
            case '\x89': Push(PickleValue.Of(false)); break;
            case 'J': Push(PickleValue.Of((long)input.Int32())); break;
            case 'K': Push(PickleValue.Of((long)input.Next())); break;
            case 'M': Push(PickleValue.Of((long)input.UInt16())); break;
            case 'G': Push(PickleValue.Of(input.BigEndianDouble())); break;
            case '\x8a': Push(Long(input.Next())); break;
            case '\x8b': Push(Long(input.UInt32())); break;
            case 'I': Push(DecimalOrTruth(input.Line())); break;
            case 'L': Push(Decimal(input.Line().TrimEnd('L'))); break;
            case 'F': Push(Fraction(input.Line())); break;

            case '\x8c' or 'U': Push(PickleValue.Of(input.Text(input.Next()))); break;
            case 'X' or 'T': Push(PickleValue.Of(input.Text(input.UInt32()))); break;
            case '\x8d': Push(PickleValue.Of(input.Text(input.Length()))); break;
            case 'V': Push(PickleValue.Of(PickleEscapes.Raw(input.Line()))); break;
            case 'S': Push(PickleValue.Of(PickleEscapes.Quoted(input.Line()) ?? throw Bad("a quoted text has no end"))); break;
            case 'C': Bytes(input.Next()); break;
            case 'B': Bytes(input.UInt32()); break;
            case '\x8e' or '\x96': Bytes(input.Length()); break;

            case ']': Push(PickleValue.Of(NewList(depth))); break;
            case 'l': FromMark("a list"); break;
            case 'a': Append(depth - 1); break;
            case 'e': Append(Mark()); break;
            case ')': Push(PickleValue.Of(new PickleList("a tuple"))); break;
            case 't': FromMark("a tuple"); break;
            case '\x85': Tuple(1); break;
            case '\x86': Tuple(2); break;
            case '\x87': Tuple(3); break;
            case '\x8f': Push(PickleValue.Of(new PickleList("a set"))); break;
            case '\x90': Append(Mark()); break;
            case '\x91': FromMark("a set"); break;
            case '}': Push(PickleValue.Of(new PickleDict())); break;
            case 'd': Dict(Mark()); break;
            case 's': SetItems(depth - 2); break;
            case 'u': SetItems(Mark()); break;

            case 'p': memo.Put(Number(), Peek()); break;
            case 'q': memo.Put(input.Next(), Peek()); break;
            case 'r': memo.Put(input.UInt32(), Peek()); break;
            case '\x94': memo.Put(Peek()); break;
            case 'g': Recall(Number()); break;
            case 'h': Recall(input.Next()); break;
            case 'j': Recall(input.UInt32()); break;

            case var other: throw Refused(other);
        }
        return true;
    }

    private void Protocol()
    {
        if (input.Next() is > LatestProtocol and var protocol)
        {
            throw Bad(string.Create(CultureInfo.InvariantCulture, $"pickle protocol {protocol} is unknown"), "expected protocol 0 to 5");
        }
    }

    private void Push(PickleValue value)
    {
        if (depth == stack.Length)
        {
            Array.Resize(ref stack, depth * 2);
        }
        stack[depth++] = value;
    }

    /// <summary>What lies below the last mark is out of reach.</summary>
    private int Floor => marks.TryPeek(out var mark) ? mark : 0;

    private PickleValue Peek() => depth > Floor ? stack[depth - 1] : throw Missing();

    private PickleValue Pop()
    {
        var value = Peek();
        stack[--depth] = default;
        return value;
    }

    /// <summary>POP takes a mark too, if it is on top.</summary>
    private void Drop()
    {
        if (marks.TryPeek(out var mark) && mark == depth)
        {
            marks.Pop();
            return;
        }
        Pop();
    }

    private int Mark() => marks.TryPop(out var mark) ? mark : throw Missing();

    private void Recall(long number) => Push(memo.Get(number) ?? throw Bad(string.Create(CultureInfo.InvariantCulture, $"nothing was put aside as number {number}")));

    private BadInputException Missing() => Bad("a value is taken that was never put there");

    private BadInputException Bad(string problem, string expectation = PickleInput.Expected) => input.Bad(offset, problem, expectation);
}
