#!/usr/bin/env python3
"""Writes the simulated node of run.sh (native/nvmlsim/scenarios) from recorded jobs: one trouble of each kind, and jobs that live.

    GPUWATCH_TEST_DATA=DIR scripts/node-scene.py

DIR/jobs holds NAME.csv (samples), NAME.job.json (as its user declared it) and NAME.truth.json (what happened). The memory of each
process is the recorded one, sample by sample where it moves; the job files beside the scene are what the users declared.
"""
import csv, json, os, shutil

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "native", "nvmlsim", "scenarios")
DATA = os.path.join(os.environ["GPUWATCH_TEST_DATA"], "jobs")
MIB = 1 << 20
LENGTH_S = 600
RESERVE = 620 * MIB                     # the driver's, in every recording

CARDS = {16: "Tesla V100-SXM2-16GB", 24: "NVIDIA GeForce RTX 4090", 48: "NVIDIA RTX A6000"}

# A start before 0: the job is already running when the scene begins.
# gpu, [(start in s, pid, recorded job, what the process list shows, what a person should know[, what its user declared otherwise])]
NODE = [
    (0, [(-30, 3904117, "job056", "python sft.py --model tinyllama", "healthy and tight: 1 % of the card stays free, and nothing happens")]),
    (1, [(3, 3904288, "job024", "python pretrain.py --model opt-1.3b", "dies at its first optimizer step: AdamW's states do not fit"),
         (75, 3911940, "job019", "python pretrain.py --model smollm2", "a smaller model in its place: lives")]),
    (2, [(6, 3904530, "job015", "python finetune.py --model qwen2.5", "leaks: every step keeps its loss with the graph"),
         (95, 3907761, "job034", "python finetune.py --model qwen2.5 --detach-loss", "the same, mended: lives")]),
    (3, [(9, 3904602, "job050", "python train.py --bucket-by-length", "dies of a batch longer than all before it"),
         (120, 3912406, "job023", "python train.py --max-length 1024", "the same with shorter batches: lives")]),
    (4, [(12, 3904755, "job030", "python train.py --curriculum", "sequences twice as long as declared: a blow-up, which fits")]),
    (5, [(2, 3904719, "job028", "python dpo.py --model qwen2.5", "dies because a neighbour on the card grows")]),
    (6, [(-120, 3904833, "job053", "python train.py --eval-every 100", "keeps the logits of its evaluation on the GPU: dies of the second one")]),
    (7, [(5, 3904861, "job010", "python pretrain.py --model opt-1.3b --amp", "declared in bf16, loaded in fp32: its weights are twice as large",
          {"weight_dtype": "bf16", "amp": "no"})]),
]


def rows(name):
    return [(float(r["time_s"]), int(r["used_bytes"]), int(r["device_used_bytes"]), int(r["device_total_bytes"]))
            for r in csv.DictReader(open(f"{DATA}/{name}.csv"))]


def curve(points):
    """The points where the size moves."""
    last, out = None, []
    for t, size in points:
        if size != last:
            out.append(f"  at {t:g} {size}B")
            last = size
    return out


def main():
    shutil.rmtree(os.path.join(OUT, "jobs"), ignore_errors=True)
    os.makedirs(os.path.join(OUT, "jobs"))
    lines = ["# A shared training node, made by scripts/node-scene.py from recorded jobs: one trouble of each kind, and jobs that live.",
             "# What run.sh shows on a machine without an NVIDIA driver. The job files in jobs/ are what the users declared.", "#"]
    for gpu, jobs in NODE:
        for start, pid, name, _, story, *_ in jobs:
            lines.append(f"#   GPU {gpu}  from {max(start, 0):3d} s  pid {pid}  {story}")
    lines += ["", "driver 570.172.08"]
    for gpu, jobs in NODE:
        total = rows(jobs[0][2])[0][3]
        lines.append(f'gpu {gpu} total={total}B reserved={RESERVE}B name="{CARDS[total >> 30]}"')
    for gpu, jobs in NODE:
        others = [(max(0, t + jobs[0][0]), device - used - RESERVE) for t, used, device, _ in rows(jobs[0][2])]
        lines += ["", f'job {3870000 + gpu} gpu={gpu} name="/opt/serve/bin/server --model embed-{gpu}"', f"  at 0 {others[0][1]}B", *curve(others)[1:]]
        for start, pid, name, command, story, *declared in jobs:
            recorded, truth = rows(name), json.load(open(f"{DATA}/{name}.truth.json"))
            end = start + truth["duration_s"]
            before = [used for t, used, _, _ in recorded if start + t < 0][-1:]
            points = [(0, used) for used in before] + [(t + min(start, 0), used) for t, used, _, _ in recorded if 0 <= start + t < LENGTH_S]
            lines += ["", f"# {story}", f'job {pid} gpu={gpu} start={max(start, 0)} end={min(end, LENGTH_S):g} name="{command}"',
                      *curve(points)]
            job = json.load(open(f"{DATA}/{name}.job.json")) | (declared[0] if declared else {})
            json.dump(job, open(os.path.join(OUT, "jobs", f"{pid}.json"), "w"), indent=1)
    lines += ["", f"end {LENGTH_S}"]
    open(os.path.join(OUT, "node.scn"), "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
