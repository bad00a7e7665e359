#!/usr/bin/env bash
# bench.sh [ROUNDS]: what is promised about speed, beside podman's REST API, in the same run: the same root file system, the same client.
source "$(dirname "$0")/common.sh"
as_root "$@"
export ALCOVE_HOME=${ALCOVE_TEST_HOME:-/var/lib/alcove-test}
rounds=${1:-20}

command -v podman >/dev/null || step 'podman' sh -c 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends podman netavark aardvark-dns iptables crun || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends podman containernetworking-plugins iptables crun'
bash "$ROOT/setup/install.sh" app
step 'benchmarks' dotnet build "$ROOT/bench/Alcove.Benchmarks" --configuration Release --nologo --verbosity quiet

layer=$ALCOVE_HOME/pool/layers/$(grep -o '"digest":"[0-9a-f]*' "$ALCOVE_HOME/templates/base.json" | cut -d'"' -f4)
store=$ALCOVE_HOME/podman
mkdir -p "$store"
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n[engine]\ncgroup_manager = "cgroupfs"\n' >"$store/containers.conf"

# In a network and a mount namespace of their own; crun refuses the hybrid cgroup layout while it sees the version 2 mount.
cat >"$store/run.sh" <<'RUN'
set -e
ip link set lo up
umount /sys/fs/cgroup/unified 2>/dev/null || true
sysctl -qw net.ipv4.ip_forward=1 || true
export CONTAINERS_CONF=$store/containers.conf
p() { podman --root "$store/root" --runroot "$store/runroot" --tmpdir "$store/tmp" "$@"; }
p image exists localhost/alcove-bench || tar -C "$layer" -c . | p import - localhost/alcove-bench >/dev/null
p system service --time=0 "unix://$store/podman.sock" >"$store/podman.log" 2>&1 & podman=$!
(cd / && unshare --mount sh -c 'mount -t cgroup2 none /sys/fs/cgroup/unified 2>/dev/null || true; exec "$0"' "$ALCOVE_HOME/app/current/node/alcove-node") >"$ALCOVE_HOME/logs/bench-node.log" 2>&1 & node=$!
trap 'kill $server $node $podman 2>/dev/null; wait 2>/dev/null; p rm -fa >/dev/null 2>&1; "$ALCOVE_HOME/app/current/node/alcove-node" cleanup' EXIT
"$ALCOVE_HOME/app/current/server/alcove-server" seed >/dev/null
"$ALCOVE_HOME/app/current/server/alcove-server" >"$ALCOVE_HOME/logs/bench-server.log" 2>&1 & server=$!
for _ in $(seq 100); do curl -fsS -o /dev/null http://127.0.0.1:3000/health 2>/dev/null && [ -S "$store/podman.sock" ] && break; sleep 0.1; done
sleep 2 # until slots have been made ahead
"$bench" "$store/podman.sock" "$rounds"
RUN
export store layer rounds bench=$ROOT/artifacts/bin/Alcove.Benchmarks/release/Alcove.Benchmarks
unshare --net --mount --propagation private bash "$store/run.sh"
echo "daemon: $(du -sk "$ALCOVE_HOME/envd/current/" | cut -f1) KiB on disk"
