"""Makes a memory snapshot as PyTorch 2.5 would, from a small allocator of its own: the second opinion on GpuWatch's model.

snapshot-maker.py FILE SEED EVENTS KEPT PROTOCOL: EVENTS events of which the ring keeps the last KEPT.
Prints what happened as it counted forwards: a line "asked reserved" for each event kept, then the totals of the snapshot as JSON.
"""
import json
import pickle
import random
import sys

MIB = 1 << 20


class Allocator:
    """Rules of c10/cuda/CUDACachingAllocator.cpp, by lists instead of sets."""

    def __init__(self):
        self.segments, self.trace, self.counts = [], [], []
        self.asked = self.reserved = self.clock = 0
        self.next = 0x7F0000000000

    def tell(self, action, address, size, stream, frames=()):
        self.clock += 37
        event = {"action": action, "size": size, "stream": stream, "time_us": 1_700_000_000_000_000 + self.clock}
        event["device_free" if action == "oom" else "addr"] = address
        self.trace.append({**event, "compile_context": "N/A", "user_metadata": "", "frames": list(frames)})
        self.counts.append((self.asked, self.reserved))

    def malloc(self, size, stream, frames):
        whole = max(512, -(-size // 512) * 512)
        kind = "small" if whole <= MIB else "large"
        free = [(b["size"], b["address"], s, b) for s in self.segments if s["segment_type"] == kind and s["stream"] == stream
                for b in s["blocks"] if b["state"] == "inactive" and b["size"] >= whole]
        if not free:
            held = 2 * MIB if whole <= MIB else 20 * MIB if whole < 10 * MIB else -(-whole // (2 * MIB)) * 2 * MIB
            block = {"address": self.next, "size": held, "requested_size": 0, "state": "inactive", "frames": []}
            segment = {"device": 0, "address": self.next, "total_size": held, "stream": stream, "segment_type": kind,
                       "segment_pool_id": (0, 0), "is_expandable": False, "frames": 0, "blocks": [block]}
            self.next += held
            self.segments.append(segment)
            self.reserved += held
            self.tell("segment_alloc", segment["address"], held, stream)
        else:
            _, _, segment, block = min(free, key=lambda found: found[:2])
        rest = block["size"] - whole
        if rest >= 512 if kind == "small" else rest > MIB:
            at = segment["blocks"].index(block)
            segment["blocks"].insert(at + 1, {"address": block["address"] + whole, "size": rest, "requested_size": 0, "state": "inactive", "frames": []})
            block["size"] = whole
        block.update(state="active_allocated", requested_size=size, frames=list(frames))
        self.asked += size
        self.tell("alloc", block["address"], size, stream, frames)
        return segment, block

    def request_free(self, segment, block):
        block["state"] = "active_pending_free"
        self.asked -= block["requested_size"]
        self.tell("free_requested", block["address"], block["requested_size"], segment["stream"])

    def complete_free(self, segment, block):
        self.tell("free_completed", block["address"], block["requested_size"], segment["stream"])
        block["state"] = "inactive"
        blocks, at = segment["blocks"], segment["blocks"].index(block)
        for left in (at, at - 1):
            if 0 <= left < len(blocks) - 1 and blocks[left]["state"] == blocks[left + 1]["state"] == "inactive":
                blocks[left]["size"] += blocks.pop(left + 1)["size"]

    def empty_cache(self):
        for segment in [s for s in self.segments if len(s["blocks"]) == 1 and s["blocks"][0]["state"] == "inactive"]:
            self.segments.remove(segment)
            self.reserved -= segment["total_size"]
            self.tell("segment_free", segment["address"], segment["total_size"], segment["stream"])

    def snapshot(self, kept):
        for segment in self.segments:
            active = [b for b in segment["blocks"] if b["state"] != "inactive"]
            segment["allocated_size"] = sum(b["size"] for b in active if b["state"] == "active_allocated")
            segment["active_size"] = sum(b["size"] for b in active)
            segment["requested_size"] = sum(b["requested_size"] for b in active)
        start = self.trace[0]["time_us"] if self.trace else 0
        return {
            "segments": self.segments,
            "device_traces": [self.trace[max(0, len(self.trace) - kept):]],
            "allocator_settings": {"PYTORCH_CUDA_ALLOC_CONF": "", "max_split_size": -1, "garbage_collection_threshold": 0.0,
                                   "expandable_segments": False, "roundup_power2_divisions": {str(1 << power): 0 for power in range(16)}},
            "external_annotations": [
                {"stage": "START", "name": "Optimizer.step#AdamW.step", "device": 0, "time_us": start},
                {"stage": "END", "name": "Optimizer.step#AdamW.step", "device": 0, "time_us": start + self.clock}],
        }


def main(path, seed, events, kept, protocol):
    chance, allocator, live, pending = random.Random(seed), Allocator(), [], []
    stacks = [[{"name": "torch::unwind::unwind()", "filename": "??", "line": 0},
               {"name": function, "filename": f"/job/{file}.py", "line": line}]
              for file, line, function in (("model", 12, "forward"), ("optimizer", 80, "step"), ("data", 7, "load"))]
    sizes = (lambda: chance.randint(1, 4096), lambda: chance.randint(4096, MIB), lambda: chance.randint(MIB + 1, 10 * MIB), lambda: chance.randint(10 * MIB, 60 * MIB))
    while len(allocator.trace) < events:
        roll = chance.random()
        if roll < 0.45 or not live:
            live.append(allocator.malloc(chance.choice(sizes)(), chance.choice((0, 0, 0, 7)), chance.choice(stacks)))
        elif roll < 0.96:
            freed = live.pop(chance.randrange(len(live)))
            allocator.request_free(*freed)
            pending.append(freed)
            while pending and (chance.random() < 0.9 or len(pending) > 3):
                allocator.complete_free(*pending.pop(0))
        elif roll < 0.98:
            allocator.empty_cache()
        else:
            allocator.tell("oom", 123456, 1 << 30, 0, stacks[0])
    snapshot = allocator.snapshot(kept)
    with open(path, "wb") as file:
        pickle.dump(snapshot, file, protocol=protocol)
    for asked, reserved in allocator.counts[-len(snapshot["device_traces"][0]):]:
        print(asked, reserved)
    blocks = [b for s in snapshot["segments"] for b in s["blocks"]]
    free = [b["size"] for b in blocks if b["state"] == "inactive"]
    print(json.dumps({
        "reserved_bytes": allocator.reserved,
        "allocated_bytes": sum(s["allocated_size"] for s in snapshot["segments"]),
        "active_bytes": sum(s["active_size"] for s in snapshot["segments"]),
        "requested_bytes": sum(s["requested_size"] for s in snapshot["segments"]),
        "free_in_segments_bytes": sum(free),
        "releasable_bytes": sum(s["total_size"] for s in snapshot["segments"] if s["active_size"] == 0),
        "largest_free_block_bytes": max(free, default=0),
        "segments": len(snapshot["segments"]),
        "blocks": len(blocks)}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
