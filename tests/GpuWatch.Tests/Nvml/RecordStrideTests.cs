using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using GpuWatch.Core.Units;
using GpuWatch.Nvml;

namespace GpuWatch.Tests.Nvml;

public sealed class RecordStrideTests
{
    private static readonly Bytes Total = Bytes.FromGiB(80);

    private static readonly Gen<NvmlProcess> Process =
        from pid in Gen.Choose(1, 1 << 22)
        from mebibytes in Gen.OneOf(Gen.Choose(0, 80 * 1024), Gen.Constant(-1))
        from odd in Gen.Choose(0, 1023)
        from instance in Gen.OneOf(Gen.Constant(uint.MaxValue), Gen.Choose(0, 14).Select(id => (uint)id))
        select new NvmlProcess
        {
            Pid = (uint)pid,
            UsedGpuMemory = mebibytes < 0 ? ulong.MaxValue : (ulong)Math.Min(mebibytes * Bytes.MiBCount + odd, Total.Count),
            GpuInstanceId = instance,
            ComputeInstanceId = instance,
        };

    /// <summary>Whether a driver leaves the padding alone or clears it, and whether it touches the rest of the buffer or not.</summary>
    private sealed record Written(NvmlProcess[] Records, int Stride, bool ClearsPadding);

    private static readonly Arbitrary<Written> Lists = Arb.From(
        from records in Process.NonEmptyListOf()
        from stride in Gen.Elements(16, 24, 32)
        from clears in ArbMap.Default.GeneratorFor<bool>()
        select new Written([.. records], stride, clears));

    [Fact]
    public void Any_list_a_driver_may_write_is_read_back_whatever_its_record_length() =>
        Prop.ForAll(Lists, written =>
        {
            var buffer = Write(written);
            var stride = RecordStride.Find(buffer, written.Records.Length, Total);
            return stride == written.Stride && written.Records.Select((record, i) => (record, i)).All(one =>
                RecordStride.Record(buffer, one.i, stride) is var read
                && read.Pid == one.record.Pid && read.UsedGpuMemory == one.record.UsedGpuMemory);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Where_the_driver_clears_the_whole_buffer_the_records_themselves_decide()
    {
        var records = Enumerable.Range(1, 4).Select(i => new NvmlProcess
        {
            Pid = (uint)(1000 + i), UsedGpuMemory = (ulong)i << 30, GpuInstanceId = uint.MaxValue, ComputeInstanceId = uint.MaxValue,
        }).ToArray();
        foreach (var stride in (int[])[16, 24, 32])
        {
            var buffer = Write(new(records, stride, true));
            buffer.AsSpan(records.Length * stride).Clear();
            Assert.Equal(stride, RecordStride.Find(buffer, records.Length, Total));
        }
    }

    [Fact]
    public void Noise_is_not_read_as_processes()
    {
        var noise = new byte[2048];
        new Random(7).NextBytes(noise);
        Assert.Equal(0, RecordStride.Find(noise, 5, Total));
    }

    private static byte[] Write(Written written)
    {
        var buffer = new byte[(written.Records.Length + 2) * 32];
        Array.Fill(buffer, RecordStride.Pattern);
        for (var i = 0; i < written.Records.Length; i++)
        {
            var at = buffer.AsSpan(i * written.Stride, written.Stride);
            var whole = MemoryMarshal.AsBytes(written.Records.AsSpan(i, 1))[..written.Stride];
            whole[..4].CopyTo(at);
            whole[8..].CopyTo(at[8..]);
            if (written.ClearsPadding)
            {
                at[4..8].Clear();
            }
        }
        return buffer;
    }
}
