#!/usr/bin/env bash
# Makes config/ for compose.yaml: a certificate that signed itself for the host (default localhost), and keys of the policies.
set -euo pipefail
cd "$(dirname "$0")"
host=${1:-localhost}
[ ! -e config ] || { echo "make-config: config/ is there already; delete it to begin anew" >&2; exit 1; }
umask 077
mkdir config
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$host" \
  -addext "subjectAltName=DNS:$host" -keyout config/tls.key -out config/tls.crt 2>/dev/null
cat > config/policies.properties <<TEXT
$(../make-policies.sh)
TEXT
# The services run as a user of their own, who reads these.
chmod 755 config && chmod 644 config/*
echo "config/ is made for $host: trust config/tls.crt; the keys are in config/policies.properties"
