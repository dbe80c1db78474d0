using System.Collections.Immutable;
using GpuWatch.Core.Estimate.Tape;

namespace GpuWatch.Core.Estimate.Explain;

/// <summary>
/// The sizes of a step's tensors in symbols: n tokens, h hidden, f MLP, q, k and v the width of all queries, keys and values, a heads, b sequences of
/// s tokens, d width of a head, r rank of the adapters, V rows of the head, e experts that run, t parts that tensor parallelism cuts a matrix into.
/// </summary>
internal readonly struct Shapes
{
    private readonly ImmutableArray<Factor> all, tables, inputs;
    private readonly int width;

    public Shapes(Step step)
    {
        var block = step.Block;
        width = block.Width;
        Symbol n = new("n", block.Tokens), h = new("h", block.Hidden), f = new("f", block.Intermediate), q = new("q", block.Queries), k = new("k", block.Keys),
            v = new("v", block.Values), a = new("a", block.Heads), b = new("b", block.Batch), s = new("s", block.Length), d = new("d", block.HeadDim),
            r = new("r", block.Rank), head = new("V", step.Classes), rows = new("V", step.Vocab), t = new("t", block.Slices), e = new("e", block.Experts);
        all =
        [
            Product(n, h), Product(n, f), Product(n, q), Product(n, k), Product(n, v), Product(n, head), Product(n, r), Product(n, a), Product(n),
            new("n·(q + 2k)", n.Value * (q.Value + 2 * k.Value), [n, q, k]), new("(n − b)·V", (n.Value - b.Value) * head.Value, [n, b, head]),
            Divided("b·a·s²", b.Value * a.Value * s.Value * s.Value, t, b, a, s), new("n·V ÷ 8", n.Value * head.Value / 8, [n, head]),
            new("½·n·q", n.Value * q.Value / 2, [n, q]), new("½·n·k", n.Value * k.Value / 2, [n, k]), new("n − b", n.Value - b.Value, [n, b]),
            Cut(h, h), Cut(h, q), Cut(h, k), Cut(h, f), Cut(v, h), Divided("h·(q + 2k)", h.Value * (q.Value + 2 * k.Value), t, h, q, k),
            Cut(head, h), Cut(rows, h), Product(r, h), Product(r, f), Product(r, q), Product(r, k), Divided("n·f", n.Value * f.Value, e, n, f),
        ];
        tables = [new("2·s·d", 2 * s.Value * d.Value, [s, d]), new("b·s²", b.Value * s.Value * s.Value, [b, s])];
        inputs = [new("2·n", 2 * n.Value, [n])];

        Factor Cut(Symbol one, Symbol other) => Divided($"{one.Name}·{other.Name}", one.Value * other.Value, t, one, other);

        static Factor Product(params ReadOnlySpan<Symbol> symbols) => new(Text(symbols), Value(symbols), [.. symbols]);

        static Factor Divided(string text, double value, Symbol parts, params ReadOnlySpan<Symbol> symbols) =>
            parts.Value == 1 ? new(text, value, [.. symbols]) : new($"{text} ÷ {parts.Name}", Math.Floor(value / parts.Value), [.. symbols, parts]);
    }

    /// <summary>One tensor of so many bytes: numbers, and bytes a number.</summary>
    public ImmutableArray<Factor> Of(Place place, long bytes)
    {
        foreach (var each in (ReadOnlySpan<int>)[width, 4, 2, 8, 1])
        {
            foreach (var shape in Likely(place))
            {
                if (shape.Value * each == bytes)
                {
                    return [shape, Factor.Number($"{each} B", each)];
                }
            }
        }
        return bytes % width == 0 ? [Numbers(bytes / width), Factor.Number($"{width} B", width)] : [Factor.Number("1 B", 1), Numbers(bytes)];
    }

    /// <summary>Sizes coincide: what is made of heads is told in heads where it can be.</summary>
    private IEnumerable<Factor> Likely(Place place) => place switch
    {
        Place.Tables => tables,
        Place.Inputs => inputs,
        Place.Attention => all.OrderBy(shape => !shape.Text.AsSpan().ContainsAny("qkva")),
        Place.Kept => all.OrderBy(shape => !shape.Text.Contains('k', StringComparison.Ordinal)),
        Place.Mlp => all.OrderBy(shape => !shape.Text.Contains('f', StringComparison.Ordinal)),
        Place.Head => all.OrderBy(shape => !shape.Text.Contains('V', StringComparison.Ordinal)),
        _ => all,
    };

    private static Factor Numbers(long count) => Factor.Of("numbers", count);

    private static string Text(ReadOnlySpan<Symbol> symbols)
    {
        var text = "";
        foreach (var symbol in symbols)
        {
            text += text.Length == 0 ? symbol.Name : "·" + symbol.Name;
        }
        return text;
    }

    private static double Value(ReadOnlySpan<Symbol> symbols)
    {
        var value = 1.0;
        foreach (var symbol in symbols)
        {
            value *= symbol.Value;
        }
        return value;
    }
}
