#!/usr/bin/env bash
# bench.sh [ROUNDS]: what is promised about speed, in the same run with something real: podman's REST API (the same root file system, the same
# client), and bare crun for pause and resume (a container of the same configuration).
# ONLY=podman, pause or daemon measures that alone. All of it runs in namespaces of its own (network, mounts, processes) and on a home of its own, so that nothing of it stays.
source "$(dirname "$0")/common.sh"
as_root "$@"
[ -n "${ALCOVE_BENCH_INSIDE:-}" ] || exec unshare --mount --propagation private env ALCOVE_BENCH_INSIDE=1 bash "$0" "$@"
export ALCOVE_HOME=${ALCOVE_BENCH_HOME:-/var/lib/alcove-bench}
export ALCOVE_COMMAND=''
unset ALCOVE_LISTEN ALCOVE_API_PORT ALCOVE_TRAFFIC_PORT ALCOVE_DATABASE ALCOVE_SLOTS ALCOVE_PREPARED_SLOTS
rounds=${1:-${ROUNDS:-20}}

install_podman() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends podman netavark aardvark-dns iptables crun
}

bash "$ROOT/setup/doctor.sh" --brief || fail 'this machine lacks what is named above' '`make doctor` prints the whole list.'
command -v podman >/dev/null || step 'podman, to compare with' install_podman
bash "$ROOT/setup/install.sh" app
step 'benchmarks' dotnet build "$ROOT/bench/Alcove.Benchmarks" --configuration Release --nologo --verbosity quiet

layer=$ALCOVE_HOME/pool/layers/$(grep -o '"digest":"[0-9a-f]*' "$ALCOVE_HOME/templates/base.json" | cut -d'"' -f4)
store=$ALCOVE_HOME/podman
mkdir -p "$store"
# Limits that may be set where hard limits cannot be raised, and no systemd.
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n' >"$store/containers.conf"
machine="$(nproc) × $(awk -F': ' '/^model name/ {print $2; exit}' /proc/cpuinfo), $(awk '/MemTotal/ {print int($2/1048576+0.5)}' /proc/meminfo) GiB, Linux $(uname -r), $(. /etc/os-release; echo "$PRETTY_NAME")
Alcove: $("$ALCOVE_HOME/prefix/current/bin/crun" --version | head -1); podman: $(podman --version | cut -d' ' -f3) with $(crun --version | head -1)"

cat >"$store/run.sh" <<'RUN'
set -euo pipefail
ip link set lo up
# podman writes to /run and /var/lib/containers whatever it is told: it gets its own.
p() { CONTAINERS_CONF=$store/containers.conf podman --root "$store/root" --runroot "$store/runroot" --tmpdir "$store/tmp" "$@"; }
# podman's crun refuses the hybrid cgroup layout while it sees the version 2 mount.
if [ "${1:-}" = podman ]; then
  ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
  mount -t tmpfs none /run
  mkdir -p /var/lib/containers
  mount -t tmpfs none /var/lib/containers
  rm -rf "$store/runroot" "$store/tmp"
  p rm --all --force
  [ "$(cat "$store/layer" 2>/dev/null)" = "$layer" ] && p image exists localhost/alcove-bench || tar -C "$layer" -c . | p import - localhost/alcove-bench
  echo "$layer" >"$store/layer"
  p system service --time=0 "unix://$store/podman.sock"
  exit
fi

end() {
  bash "$ROOT/setup/down.sh" --quiet
  "$ALCOVE_HOME/app/current/node/alcove-node" cleanup
}
trap end EXIT
DETACH=1 bash "$ROOT/setup/up.sh" >"$ALCOVE_HOME/logs/bench-up.log" || { cat "$ALCOVE_HOME/logs/bench-up.log"; exit 1; }
rm -f "$store/podman.sock"
unshare --mount --propagation private bash "$0" podman >"$ALCOVE_HOME/logs/podman.log" 2>&1 & podman=$!
until [ -S "$store/podman.sock" ]; do kill -0 $podman 2>/dev/null || { tail "$ALCOVE_HOME/logs/podman.log" >&2; exit 1; }; sleep 0.2; done
"$bench" "$store/podman.sock" "$ALCOVE_HOME" "$rounds" "$machine" "${ONLY:-all}"
RUN
export ROOT store layer rounds machine bench=$ROOT/artifacts/bin/Alcove.Benchmarks/release/Alcove.Benchmarks
status=0
unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private bash "$store/run.sh" || status=$?
# What podman leaves of its cgroups.
find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null || true
rmdir /var/lib/containers 2>/dev/null || true
exit $status
