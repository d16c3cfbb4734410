#!/bin/sh
# Runs the fault driver where it may cut the network, fill the disk and set clocks: in a network namespace of its own, over a file system in
# memory, and with a java that reads a clock of its own (where Debian's package faketime is installed).
# As root, on Linux, with JAVA_HOME at a JDK 25. Arguments: how many devices, the first seed, how many runs.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
data=$here/standalone/target/benchmark-data
mkdir -p "$data"
exec unshare --net --mount sh -euc '
  here=$1; data=$2; shift 2
  ip link set lo up
  mount -t tmpfs -o size=${FAULTS_DISK:-4g} muster-faults "$data"
  java=${JAVA_HOME:+$JAVA_HOME/bin/}java
  faketime=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
  if [ -n "$faketime" ] && [ -n "${JAVA_HOME:-}" ]; then
    # In this mount namespace alone: the driver puts a script in the place of java, which gives a service its clock by the name of its program.
    export FAULTS_CLOCKS=$data/clocks FAULTS_JAVA=$data/java
    mkdir "$FAULTS_CLOCKS"
    mount --bind "$java" "$JAVA_HOME/bin/jrunscript"
    cat > "$FAULTS_JAVA" <<END
#!/bin/sh
for argument in "\$@"; do
  case \$argument in
    io.muster.planner.Main) name=planner ;;
    io.muster.gateway.Main) name=gateway ;;
    io.muster.api.Main) name=api ;;
  esac
done
if [ -n "\${name:-}" ]; then
  export LD_PRELOAD=$faketime FAKETIME_TIMESTAMP_FILE=$FAULTS_CLOCKS/\$name FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1 FAKETIME_FORCE_MONOTONIC_FIX=0
fi
exec "$JAVA_HOME/bin/jrunscript" "\$@"
END
    chmod +x "$FAULTS_JAVA"
    for name in planner gateway api; do echo +0 > "$FAULTS_CLOCKS/$name"; done
  fi
  exec "$java" -Xmx2g --enable-native-access=ALL-UNNAMED \
    -cp "$here/benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:$here/benchmarks/target/lib/*" \
    io.muster.benchmarks.FaultDriver "$here/standalone/target/muster" "$@"
' faults "$here" "$data" "$@"
