#!/usr/bin/env bash
# Sets up what is missing, builds what is stale, and runs gpuwatch: with no arguments, the agent on this machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
caller=$PWD
cd "$here"
. scripts/setup.sh
need_program
cd "$caller"
[ $# -gt 0 ] || set -- agent
exec "$here/artifacts/gpuwatch" "$@"
