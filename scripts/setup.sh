# Sourced by run.sh and test.sh: what a fresh Debian or Ubuntu machine lacks is installed, what is stale is built.
# Silent when there is nothing to do. Expects to be called from the repository root.
# Invariant: the SDK would otherwise want ICU, which a bare machine lacks and nothing here uses.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
[ -x "${DOTNET_ROOT:-$HOME/.dotnet}/dotnet" ] && export DOTNET_ROOT="${DOTNET_ROOT:-$HOME/.dotnet}" && PATH="$DOTNET_ROOT:$PATH"

say() { printf '%s\n' "$*" >&2; }

# need_packages PACKAGE...: installs Debian packages; not being root, says the exact command and stops.
need_packages() {
  if [ "$(id -u)" != 0 ]; then
    say "gpuwatch: missing packages; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    exit 1
  fi
  say "gpuwatch: installing $*"
  local log
  log=$(mktemp)
  { apt-get -o DPkg::Lock::Timeout=400 -qq update &&
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=400 -qq install -y --no-install-recommends "$@"; } >"$log" 2>&1 ||
    { cat "$log" >&2; rm -f "$log"; return 1; }
  rm -f "$log"
}

need_compiler() {
  command -v cc >/dev/null && echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 || need_packages gcc libc6-dev
}

# The folder name of an SDK is its version; listing them is much quicker than asking dotnet.
has_sdk() {
  local dotnet root
  dotnet=$(command -v dotnet) || return 1
  root=$(dirname "$(readlink -f "$dotnet")")
  compgen -G "$root/sdk/10.*" >/dev/null
}

need_sdk() {
  has_sdk && return
  # What the runtime links against and a bare machine lacks.
  ldconfig -p | grep -q libssl.so.3 && ldconfig -p | grep -q libstdc++.so.6 || need_packages libssl3 libstdc++6 ca-certificates
  if [ "$(id -u)" = 0 ] && apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1; then
    need_packages dotnet-sdk-10.0
  else
    command -v curl >/dev/null || need_packages curl ca-certificates
    say "gpuwatch: installing the .NET 10 SDK into $HOME/.dotnet"
    local script
    script=$(mktemp)
    curl -fsSL https://dot.net/v1/dotnet-install.sh -o "$script" &&
      bash "$script" --channel 10.0 --install-dir "$HOME/.dotnet" >&2
    rm -f "$script"
    export DOTNET_ROOT="$HOME/.dotnet" PATH="$HOME/.dotnet:$PATH"
  fi
  has_sdk || { say "gpuwatch: the .NET 10 SDK is missing; install it from https://dotnet.microsoft.com/download and run this again"; exit 1; }
}

has_program() {
  local stamp=artifacts/.published
  [ -f "$stamp" ] && [ -x artifacts/gpuwatch ] &&
    [ -z "$(find src native global.json Directory.Build.props Directory.Packages.props -newer "$stamp" \
      -type f -not -path '*/bin/*' -not -path '*/obj/*' -print -quit)" ]
}

# need_program: publishes artifacts/gpuwatch (and the simulated NVML) when any source is newer than the last publish. Two at once: one waits.
need_program() {
  has_program && return
  need_compiler
  need_sdk
  mkdir -p artifacts
  local lock started log=artifacts/build.log
  exec {lock}>artifacts/.lock
  flock "$lock"
  if has_program; then
    exec {lock}>&-
    return
  fi
  say "gpuwatch: building (about half a minute, once)"
  started=$(mktemp artifacts/.started.XXXX)
  # The build's servers outlive it and must not keep the lock.
  if ! dotnet publish src/GpuWatch/GpuWatch.csproj -c Release -o artifacts/app -v quiet >"$log" 2>&1 {lock}>&-; then
    rm -f "$started"
    cat "$log" >&2
    exit 1
  fi
  ln -sfn app/gpuwatch artifacts/gpuwatch
  mv "$started" artifacts/.published
  exec {lock}>&-
}
