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
want tmux tmux
want python3 python3-minimal
want systemd-analyze systemd
want aiosmtpd python3-aiosmtpd
want openssl openssl
want node nodejs
want npm npm
if [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" = 0 ]; then
  apt-get -qq update >/dev/null 2>&1 || true
  for package in "${wanted[@]}"; do
    need_packages "$package" || say "test.sh: $package cannot be installed; its tests are skipped"
  done
fi

# unpack FOLDER COMPONENT PACKAGE...: other people's NVML readers, unpacked beside the build and not installed: one of them
# lies in a component that a machine may not have switched on, and the set-up of another wants a running systemd.
unpack() {
  local into=artifacts/oracles/$1 component=$2 private codename
  shift 2
  [ -d "$into" ] && return
  codename=$(. /etc/os-release && [ "$ID" = debian ] && printf '%s' "$VERSION_CODENAME") || return 1
  private=$(mktemp -d)
  mkdir -p "$private/lists/partial" "$private/cache/archives/partial" "$private/parts"
  printf 'Types: deb\nURIs: http://deb.debian.org/debian\nSuites: %s\nComponents: %s\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$codename" "$component" >"$private/parts/one.sources"
  local options=(-qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$private/parts" -o "Dir::State::lists=$private/lists"
    -o "Dir::Cache=$private/cache" -o APT::Sandbox::User=root)
  if apt-get "${options[@]}" update && (cd "$private" && apt-get "${options[@]}" download "$@"); then
    mkdir -p "$into"
    for package in "$private"/*.deb; do dpkg -x "$package" "$into"; done
  fi
  rm -rf "$private"
  [ -d "$into" ]
}
unpack contrib contrib nvtop python3-pynvml >/dev/null 2>&1 || say "test.sh: nvtop and python3-pynvml cannot be had; their tests are skipped"
unpack pcp main pcp pcp-conf libpcp3 libpcp-pmda3 >/dev/null 2>&1 || say "test.sh: Performance Co-Pilot cannot be had; its test is skipped"
export PYTHONPATH="$PWD/artifacts/oracles/contrib/usr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}"
PATH="$PATH:$PWD/artifacts/oracles/contrib/usr/bin"

[ -d tests/node/node_modules ] || { command -v npm >/dev/null && npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund >/dev/null 2>&1; } ||
  say "test.sh: npm could not install tests/node; its tests are skipped"

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
# What failed is said again at the end: of a long log often only the end is kept.
awk '/^  Failed / { on = 1 } /^  Stack Trace:|^  Passed / { on = 0 } on && n++ < 60' "$log"
printf '%d passed, %d failed, %d skipped\n' "$(count Passed)" "$(count Failed)" "$(count Skipped)"
exit "$status"
