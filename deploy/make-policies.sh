#!/usr/bin/env bash
# Prints shared access policies with new keys, as IoT Hub names them, for policies.properties; and nodes, with which the chart registers compute nodes.
set -euo pipefail
key() { openssl rand -base64 32; }
policy() { printf '%s.rights=%s\n%s.primaryKey=%s\n%s.secondaryKey=%s\n' "$1" "$2" "$1" "$(key)" "$1" "$(key)"; }
policy iothubowner RegistryRead,RegistryWrite,ServiceConnect,DeviceConnect,Jobs,Compute,Streams
policy service ServiceConnect
policy device DeviceConnect
policy registryRead RegistryRead
policy registryReadWrite RegistryRead,RegistryWrite
policy nodes RegistryRead,RegistryWrite,ServiceConnect
