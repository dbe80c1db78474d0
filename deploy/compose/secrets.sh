#!/usr/bin/env bash
# Makes the random secrets that docker-compose.yml mounts (deploy/secrets, never committed). Existing ones are kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077
mkdir -p deploy/secrets
for name in influx_token influx_password grafana_password web_token; do
  [ -s "deploy/secrets/$name" ] || head -c 24 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' > "deploy/secrets/$name"
done
# Compose mounts them one by one, as they are: the services' own users must be able to read them, and the folder keeps the
# other users of this machine away.
chmod 700 deploy/secrets && chmod 444 deploy/secrets/*
