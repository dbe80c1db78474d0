#!/usr/bin/env bash
# A CSV of pods (pod,t_s,used_bytes) as a trace that `gpuwatch replay` reads: each pod is a device of its own, in order of appearance.
# Such a CSV does not tell the memory of the cards; TOTAL_MIB does (default 81920, an 80 GiB card).
# usage: scripts/pods-to-trace.sh PODS.csv [TOTAL_MIB] > trace.csv
set -euo pipefail
echo time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes,torch_allocated_bytes,torch_reserved_bytes
awk -F, -v total=$(( ${2:-81920} * 1048576 )) '
    NR > 1 {
        if (!($1 in gpu)) gpu[$1] = pods++
        printf "%s,%d,,%s,%s,%.0f,,\n", $2, gpu[$1], $3, $3, total
    }' "$1" | tr -d '\r' | sort -t, -k1,1n -k2,2n
