#!/bin/sh
# Runs the fault driver where it may cut the network and fill the disk: in a network namespace of its own, over a file system in memory.
# As root, on Linux, with JAVA_HOME at a JDK 25. Arguments: how many devices, the first seed, how many runs.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
data=$here/standalone/target/benchmark-data
mkdir -p "$data"
exec unshare --net --mount sh -euc '
  here=$1; data=$2; shift 2
  ip link set lo up
  mount -t tmpfs -o size=${FAULTS_DISK:-4g} muster-faults "$data"
  exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx2g --enable-native-access=ALL-UNNAMED \
    -cp "$here/benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:$here/benchmarks/target/lib/*" \
    io.muster.benchmarks.FaultDriver "$here/standalone/target/muster" "$@"
' faults "$here" "$data" "$@"
