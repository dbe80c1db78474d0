#!/usr/bin/env python3
"""Other jobs out of recorded ones, whose end is still known: rows that no rule was fitted to.

vary-jobs.py DIR OUT [--seed N]     DIR of NAME.csv, NAME.truth.json, NAME.job.json; OUT/KIND/NAME-KIND.* is written

kind      what is changed
thin      every 2nd, 3rd or 5th sample is kept, from a random phase on
pace      time runs 0.5 to 3 times as fast
blind     what the process itself told (torch_*) is left out
offset    other tenants hold a constant more or less, on a card as much larger or smaller
mixed     thin, pace and offset at once, every other one blind
tight     the card is smaller, and what is free at the highest sample is 0.3 to 15 %: a living job still lives
roomy     the card is larger by 10 to 80 % of what the job holds: a living job lives with more room
small     the card is smaller, and the job dies

A capacity is only changed where the end follows from what was recorded. More room, or less that was never used, is nothing the
allocator would notice. Less room kills for certain where what is live must exceed it: in the climb of the first steps, whose memory is
live (the job's own peak_allocated says so), or where a leak has filled it. What an allocator at the wall would have done with a cache
of many shapes cannot be told from outside, so such jobs are not varied in this way. Of a job that died nothing is known beyond its
end: its card only shrinks. `cause` is null where it cannot be known; the seed makes all of it repeatable.
"""
import csv, glob, json, os, random, subprocess, sys

FIELDS = ["time_s", "gpu", "pid", "used_bytes", "device_used_bytes", "device_total_bytes", "torch_allocated_bytes", "torch_reserved_bytes"]
FIRST_STEPS_S = 6           # the climb of the first steps is over this long after it began
GPUWATCH = os.environ.get("GPUWATCH", os.path.join(os.path.dirname(__file__), "../artifacts/gpuwatch"))


def load(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.truth.json"))):
        stem = path[:-len(".truth.json")]
        rows = []
        for row in csv.DictReader(open(stem + ".csv")):
            rows.append([float(row["time_s"])] + [int(row[name]) if row[name] else None for name in FIELDS[1:]])
        yield os.path.basename(stem), rows, json.load(open(path)), json.load(open(stem + ".job.json"))


def save(out, kind, name, rows, truth, job):
    folder = os.path.join(out, kind)
    os.makedirs(folder, exist_ok=True)
    stem = os.path.join(folder, f"{name}-{kind}")
    with open(stem + ".csv", "w") as file:
        file.write(",".join(FIELDS) + "\n")
        for row in rows:
            file.write(f"{row[0]:.3f}," + ",".join("" if value is None else str(value) for value in row[1:]) + "\n")
    json.dump({**truth, "of": name}, open(stem + ".truth.json", "w"), indent=1)
    json.dump(job, open(stem + ".job.json", "w"), indent=1)


def plan_of(job):
    """Live bytes by station of the job as it really was, by the product's own estimate."""
    path = f"/tmp/vary-jobs-{os.getpid()}.json"
    json.dump(job, open(path, "w"))
    try:
        return json.loads(subprocess.run([GPUWATCH, "estimate", "--job", path, "--output", "json"], capture_output=True, check=True, text=True).stdout)
    finally:
        os.remove(path)


def thin(rows, truth, chance):
    keep = chance.choice([2, 3, 5])
    last = [rows[-1]] if truth["oom_at"] is not None else []
    return rows[chance.randrange(keep):len(rows) - len(last):keep] + last, truth


def pace(rows, truth, chance):
    factor = 2 ** chance.uniform(-1, 1.585)
    times = {name: truth[name] * factor for name in ("oom_at", "first_step_at", "duration_s", "period_s") if truth.get(name) is not None}
    return [[row[0] * factor] + row[1:] for row in rows], {**truth, **times}


def blind(rows, truth, chance):
    return [row[:6] + [None, None] for row in rows], truth


def offset(rows, truth, chance):
    least = min(row[4] - row[3] for row in rows)
    by = chance.choice([-least, chance.randrange(8 << 30), chance.randrange(40 << 30)])
    return [row[:4] + [row[4] + by, row[5] + by] + row[6:] for row in rows], truth


def mixed(rows, truth, chance):
    for change in (thin, pace, offset) + ((blind,) if chance.random() < 0.5 else ()):
        rows, truth = change(rows, truth, chance)
    return rows, truth


def with_free(rows, free):
    """A card on which `free` bytes are left at the highest sample."""
    total = max(row[4] for row in rows) + free
    return [row[:5] + [total] + row[6:] for row in rows]


def tight(rows, truth, chance):
    peak = max(row[3] for row in rows)
    return with_free(rows, int(peak * 0.003 * 50 ** chance.random())), truth


def roomy(rows, truth, chance):
    by = int(max(row[3] for row in rows) * chance.uniform(0.1, 0.8))
    return [row[:5] + [row[5] + by] + row[6:] for row in rows], truth


def die(rows, total, truth, cause):
    """The job as it would go on a card of that size; None when it does not come to its limit."""
    end = next((i for i, row in enumerate(rows) if row[4] > total), None)
    if not end:
        return None
    last = rows[end - 1][:5] + [total] + rows[end - 1][6:]
    return ([row[:5] + [total] + row[6:] for row in rows[:end]] + [rows[end][:1] + last[1:]],
            {**truth, "oom_at": rows[end][0], "cause": cause, "duration_s": rows[end][0], "scenario": cause or "unknown",
             "blowup": False, "leak": truth["leak"] and cause == "leak"})


def small(rows, truth, job, chance):
    """Dies in its first steps, or of its leak where that has come that far."""
    plan = plan_of(truth["actual_job"])
    first, live = truth["first_step_at"], plan["peak_allocated_bytes"]
    context = next(row[3] for row in rows if row[0] >= min(1.5, first))
    loaded = max(row[3] for row in rows if row[0] < first)
    climb = [row for row in rows if row[0] < first + FIRST_STEPS_S]
    top = max(row[3] for row in climb)
    # A batch shorter than the longest has come so far: some of what is held is cache.
    reached = context + live if top > context + live else top if top > context + 0.9 * live else loaded + 0.8 * (top - loaded)
    capacity = int(loaded + (reached - loaded) * chance.uniform(0.05, 0.97))
    # What others hold at that time stays; they are constant in the first steps.
    others = climb[-1][4] - climb[-1][3]
    room = capacity - context
    backward = max(plan["phases"]["first_forward"], plan["phases"]["first_backward"])
    cause = None if job != truth["actual_job"] else "first_backward" if room < backward * 0.97 else "first_optimizer" if room > backward * 1.03 else None
    return die(rows, capacity + others, truth, cause)


def leaking(rows, truth, chance):
    start = truth["first_step_at"] + 2 * FIRST_STEPS_S
    stairs = [row[4] for row in rows if row[0] > start]
    if not truth["leak"] or not stairs or max(stairs) == stairs[0]:
        return None
    return die(rows, int(stairs[0] + (max(stairs) - stairs[0]) * chance.uniform(0.3, 0.99)), truth, "leak")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, out = sys.argv[1:3]
    seed = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else 1
    for name, rows, truth, job in load(folder):
        chance = random.Random(f"{seed} {name}")
        if len(rows) < 12:
            continue
        for change in (thin, pace, blind, offset, mixed):
            changed = change(rows, truth, chance)
            if len(changed[0]) >= 5:
                save(out, change.__name__, name, *changed, job)
        # An allocator that gave its cache back once would have done so earlier, or not at all, on another card.
        if truth["oom_at"] is None and truth["scenario"] != "neighbour" and truth["retries"] == 0:
            save(out, "tight", name, *tight(rows, truth, chance), job)
            save(out, "roomy", name, *roomy(rows, truth, chance), job)
        for kind, dead in (("small", small(rows, truth, job, chance)), ("leaking", leaking(rows, truth, chance))):
            if dead and len(dead[0]) >= 5:
                save(out, kind, name, *dead, job)


main()
