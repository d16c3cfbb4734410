#!/usr/bin/env bash
# Prints a token of an hour for a shared access policy: make-token.sh POLICIES_FILE POLICY HOST. The host is one of hub.hosts.
set -euo pipefail
[ $# = 3 ] || { echo "Usage: make-token.sh POLICIES_FILE POLICY HOST" >&2; exit 2; }
# Either will do: one that is blank, or no base64, was taken out of use.
key=$(sed -n -e "s/^$2\.primaryKey=//p" -e "s/^$2\.secondaryKey=//p" "$1" \
  | grep -m 1 -E '^([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' || true)
[ -n "$key" ] || { echo "make-token: $1 has no policy $2 with a key" >&2; exit 1; }
expiry=$(($(date +%s) + 3600))
escaped() { sed -e 's/+/%2B/g' -e 's/\//%2F/g' -e 's/=/%3D/g'; }
signature=$(printf '%s\n%s' "$3" "$expiry" \
  | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(printf '%s' "$key" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')" -binary \
  | openssl base64 -A | escaped)
printf 'SharedAccessSignature sr=%s&sig=%s&se=%s&skn=%s\n' "$3" "$signature" "$expiry" "$2"
