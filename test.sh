#!/usr/bin/env bash
# Sets up what is missing and runs every test; the last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. scripts/setup.sh
need_program
need_sdk

# Real servers and readers that some tests talk to. A test whose program cannot be had says so and is skipped.
wanted=()
want() { command -v "$1" >/dev/null || wanted+=("$2"); }
want influxd influxdb
want victoria-metrics victoria-metrics
want prometheus prometheus
want prometheus-alertmanager prometheus-alertmanager
want docker-compose docker-compose
want nvtop nvtop
want tmux tmux
want python3 python3-minimal
want promtool prometheus
want systemd-analyze systemd
if [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" = 0 ]; then
  need_packages "${wanted[@]}" || say "test.sh: some of ${wanted[*]} could not be installed; their tests are skipped"
fi
if [ "$(id -u)" = 0 ] && apt-cache show python3-pynvml >/dev/null 2>&1 && ! python3 -c 'import pynvml' 2>/dev/null; then
  need_packages python3-pynvml || say "test.sh: python3-pynvml could not be installed; its test is skipped"
fi

[ -z "${GPUWATCH_TEST_DATA:-}" ] && [ -d ../shared/data ] && GPUWATCH_TEST_DATA=$(cd ../shared/data && pwd)
export GPUWATCH_TEST_DATA=${GPUWATCH_TEST_DATA:-}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet build GpuWatch.sln -c Release -v quiet
status=0
dotnet test GpuWatch.sln -c Release --no-build --logger "console;verbosity=normal" \
  --blame-hang-timeout 5m --blame-hang-dump-type none 2>&1 | tee "$log" || status=$?

# The runner closes each test assembly with lines such as "     Passed: 12".
count() { awk -v what="$1:" '$1 == what { n += $2 } END { print n + 0 }' "$log"; }
printf '%d passed, %d failed, %d skipped\n' "$(count Passed)" "$(count Failed)" "$(count Skipped)"
exit "$status"
