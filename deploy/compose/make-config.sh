#!/usr/bin/env bash
# Makes config/ and .env for compose.yaml: a certificate that signed itself for the host (default localhost), keys of the policies, and the
# user as whom the services run, who alone may read them.
set -euo pipefail
cd "$(dirname "$0")"
host=${1:-localhost}
[ ! -e config ] || { echo "make-config: config/ is there already; delete it to begin anew" >&2; exit 1; }
user="$(id -u):$(id -g)"
umask 077
mkdir config
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$host" \
  -addext "subjectAltName=DNS:$host" -keyout config/tls.key -out config/tls.crt 2>/dev/null
cat > config/policies.properties <<TEXT
$(../make-policies.sh)
TEXT
if [ "$(id -u)" = 0 ]; then
  # Nothing runs as root: the files are the images' own user's.
  user=10001:10001
  chown -R "$user" config
fi
printf 'MUSTER_USER=%s\nMUSTER_HUB_HOST=%s\n' "$user" "$host" > .env
echo "config/ is made for $host: trust config/tls.crt; the keys are in config/policies.properties"
