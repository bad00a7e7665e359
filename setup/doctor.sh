#!/usr/bin/env bash
# doctor.sh [--json|--brief]: what this machine has of what Alcove needs. --brief prints only what is in the way, and fails if anything is.
source "$(dirname "$0")/common.sh"

MODE=${1:-}
ROWS=()
BROKEN=0

row() { # ok|warn|bad NAME DETAIL [WHAT TO DO]
  ROWS+=("$1"$'\t'"$2"$'\t'"$3"$'\t'"${4:-}")
  [ "$1" != bad ] || BROKEN=1
}

check() { # NAME GOOD-DETAIL BAD-DETAIL REMEDY COMMAND …
  local name=$1 good=$2 bad=$3 remedy=$4; shift 4
  if "$@" >/dev/null 2>&1; then row ok "$name" "$good"; else row bad "$name" "$bad" "$remedy"; fi
}

has_dotnet() { command -v dotnet && dotnet --list-sdks | grep -q '^10\.'; }
is_root() { [ "$(id -u)" = 0 ] || command -v sudo; }
can_overlay() { grep -qw overlay /proc/filesystems || modprobe -n overlay; }
can_xfs() { grep -qw xfs /proc/filesystems || modprobe -n xfs; }
can_unshare() { unshare --net --mount true; }
can_nft() { unshare --net sh -c 'command -v nft && nft add table ip alcove_probe || ! command -v nft'; }

overlaps() { # NETWORK NETWORK: whether two IPv4 networks have an address in common
  awk -v a="$1" -v b="$2" 'function low(n, p, o) { split(n, p, "/"); split(p[1], o, "."); return ((o[1] * 256 + o[2]) * 256 + o[3]) * 256 + o[4] }
    function size(n, p) { return split(n, p, "/") == 2 ? 2 ^ (32 - p[2]) : 1 }
    BEGIN { exit !(low(a) < low(b) + size(b) && low(b) < low(a) + size(a)) }'
}

# Our own routes lead over links called al<installation>…, or nowhere: neither is in the way.
check_range() {
  local range=${ALCOVE_SLOTS:-10.11.0.0/16} own route network taken=''
  own=al$(cat "$ALCOVE_HOME/secrets/installation-id" 2>/dev/null || echo '?')
  while read -r route; do
    case $route in default* | "unreachable $range"* | *" dev $own"*) continue ;; esac
    network=$(echo "$route" | grep -oE '[0-9]+(\.[0-9]+){3}(/[0-9]+)?' | head -1)
    if [ -n "$network" ] && overlaps "$range" "$network"; then taken=$route; break; fi
  done < <(ip -4 route show 2>/dev/null)
  if [ -n "$taken" ]; then row warn 'address range' "$range is in use here: $taken" 'Set ALCOVE_SLOTS to a free network of /16 to /24.'; else row ok 'address range' "$range is free"; fi
}

check_forwarding() {
  if iptables -S FORWARD 2>/dev/null | grep -q '^-P FORWARD DROP' || nft list chain ip filter FORWARD 2>/dev/null | grep -q 'policy drop'; then
    row warn 'forwarding' 'the FORWARD policy is DROP (Docker sets it)' "Let sandboxes out: iptables -I DOCKER-USER -i 'al+' -j ACCEPT; iptables -I DOCKER-USER -o 'al+' -j ACCEPT"
  else
    row ok 'forwarding' 'not blocked by a policy'
  fi
}

# Asked for what set-up needs anyway: the host that this machine gets its packages from.
check_resolver() {
  local server host
  server=$(awk '/^nameserver/ {print $2; exit}' /etc/resolv.conf 2>/dev/null)
  host=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's|^[a-z]*://\([^/:]*\).*|\1|p' | head -1)
  if [ -z "$server" ]; then
    row warn 'name resolution' 'no nameserver in /etc/resolv.conf' 'Name one there; sandboxes ask it too, unless ALCOVE_DNS=direct.'
  elif [ -n "$host" ] && ! timeout 5 getent hosts "$host" >/dev/null 2>&1; then
    row warn 'name resolution' "$server does not know $host" 'Set-up gets packages from there, and sandboxes ask the same server. ALCOVE_DNS=direct makes them ask 8.8.8.8.'
  else
    row ok 'name resolution' "$server answers"
  fi
}

check_ports() {
  local port taken=''
  for port in "${ALCOVE_API_PORT:-3000}" "${ALCOVE_TRAFFIC_PORT:-3002}"; do
    [ -z "$(ss -Htln "sport = :$port" 2>/dev/null)" ] || taken="$taken $port"
  done
  if [ -z "$taken" ]; then
    row ok 'ports' "${ALCOVE_API_PORT:-3000} and ${ALCOVE_TRAFFIC_PORT:-3002} are free"
  elif is_running server; then
    row ok 'ports' "$(echo $taken | sed 's/ / and /'): Alcove listens there"
  else
    row bad 'ports' "$(echo $taken | sed 's/ / and /') in use: $(ss -Htlnp "sport = :${taken##* }" 2>/dev/null | grep -oE '\("[^"]*",pid=[0-9]+' | head -1 | sed 's/("\([^"]*\)",pid=/\1, process /')" 'Stop what listens there, or set ALCOVE_API_PORT and ALCOVE_TRAFFIC_PORT.'
  fi
}

# The node has tried it, when it started.
check_pause() {
  local said
  if [ ! -S "$ALCOVE_HOME/node.sock" ]; then
    row warn 'pause' 'not tried yet' 'The node tries it when it starts.'
    return
  fi
  said=$(curl -sS --max-time 5 --unix-socket "$ALCOVE_HOME/node.sock" -H 'Content-Type: application/json' -d '{}' http://node/alcove.node.NodeService/GetStatus 2>/dev/null || true)
  case $said in
    *'"canPause":true'*) row ok 'pause' 'works: a sandbox was put away and taken up again' ;;
    *'"cannotPauseReason"'*) row warn 'pause' "$(echo "$said" | sed 's/.*"cannotPauseReason":"\([^"]*\)".*/\1/')" 'Sandboxes run, and cannot be paused or copied.' ;;
    *) row warn 'pause' 'the node does not answer' 'Look at its log, or start it with make up.' ;;
  esac
}

is_debian() { (. /etc/os-release; [ "${ID:-}" = debian ] && [ "${VERSION_ID:-0}" -ge 12 ]); }

check '.NET SDK' "$(dotnet --version 2>/dev/null)" 'no .NET 10 SDK' 'Install it as https://learn.microsoft.com/dotnet/core/install/linux says, then run this again.' has_dotnet
check 'root' 'root or sudo' 'neither root nor sudo' 'Run as root, or install sudo.' is_root
if is_debian; then row ok 'system' "$(. /etc/os-release; echo "$PRETTY_NAME")"; else row warn 'system' "$(. /etc/os-release; echo "$PRETTY_NAME")" 'Set-up installs Debian packages; it is tried on Debian 12 and 13.'; fi
check 'overlay file system' 'in the kernel' 'not in the kernel' 'Load or build the overlay module.' can_overlay
check 'xfs file system' 'in the kernel' 'not in the kernel' 'Load or build the xfs module, or put ALCOVE_HOME on a file system with reflinks.' can_xfs
check 'loop devices' '/dev/loop-control' 'no /dev/loop-control' 'Load the loop module (modprobe loop).' test -e /dev/loop-control
if [ "$(id -u)" = 0 ]; then
  check 'namespaces' 'network and mount' 'cannot be made' 'Run on the machine itself, or in a container that may make namespaces (privileged).' can_unshare
  check 'nftables' 'rules can be set' 'rules cannot be set' 'Load the nf_tables module.' can_nft
fi
case $(stat -fc %T /sys/fs/cgroup) in
  cgroup2fs) row ok 'cgroups' 'version 2' ;;
  *) if mountpoint -q /sys/fs/cgroup/unified; then row ok 'cgroups' 'hybrid: version 1 controllers beside version 2'; else row bad 'cgroups' 'neither version 2 nor hybrid' 'Mount cgroup2 at /sys/fs/cgroup.'; fi ;;
esac
for controller in memory cpu pids; do
  if [ -d "/sys/fs/cgroup/$controller" ] || grep -qw $controller /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then continue; fi
  row bad "cgroup $controller" 'controller missing' "Boot with cgroup_enable=$controller."
done
available=$(awk '/MemAvailable/ {print int($2/1024)}' /proc/meminfo)
if [ "$available" -ge 2048 ]; then row ok 'memory' "$available MiB available"; else row warn 'memory' "$available MiB available" 'A sandbox may use 512 MiB; set-up itself needs about 2 GiB.'; fi
place=$ALCOVE_HOME
while [ ! -d "$place" ]; do place=$(dirname "$place"); done
free=$(df -Pm "$place" 2>/dev/null | awk 'NR == 2 {print $4}')
if [ "${free:-0}" -ge 8192 ]; then row ok 'disk' "$free MiB free at $ALCOVE_HOME"; else row warn 'disk' "${free:-?} MiB free at $ALCOVE_HOME" 'Below a tenth of the disk, or 4 GiB, no sandboxes, snapshots or forks are made; below 2 GiB sandboxes that write stand still.'; fi
[ "$MODE" = --brief ] || check_range
[ "$MODE" = --brief ] || check_forwarding
if getent hosts probe.localhost >/dev/null 2>&1; then row ok 'names under .localhost' 'lead to this machine'; else row warn 'names under .localhost' 'do not resolve' 'apt-get install libnss-myhostname (make up does)'; fi
[ "$MODE" = --brief ] || check_resolver
check_ports
limit=$(ulimit -Hn)
if [ "$limit" = unlimited ] || [ "$limit" -ge 65536 ]; then row ok 'open files' "limit $limit"; else row warn 'open files' "limit $limit" 'Enough for some hundred sandboxes; raise it for more.'; fi
if sh -c 'echo -1 >/proc/self/oom_score_adj' 2>/dev/null; then row ok 'OOM scores' 'may be lowered'; else row warn 'OOM scores' 'may only be raised' 'Users'"'"' processes are raised instead, so that the daemon outlives them.'; fi
if [ -x "$ALCOVE_HOME/prefix/current/bin/crun" ]; then row ok 'crun and criu' "$("$ALCOVE_HOME/prefix/current/bin/crun" --version | awk '{print $3; exit}') and $("$ALCOVE_HOME/prefix/current/bin/criu" --version | awk '/^Version/ {print $2}')"; else row warn 'crun and criu' 'not installed yet' 'make up installs them.'; fi
[ "$MODE" = --brief ] || check_pause

json_string() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/ /g'; }

case $MODE in
  --json)
    printf '['
    separator=''
    for line in "${ROWS[@]}"; do
      IFS=$'\t' read -r state name detail remedy <<<"$line"
      printf '%s{"state":"%s","check":"%s","detail":"%s","remedy":"%s"}' "$separator" "$state" "$(json_string "$name")" "$(json_string "$detail")" "$(json_string "${remedy:-}")"
      separator=','
    done
    printf ']\n'
    ;;
  *)
    for line in "${ROWS[@]}"; do
      IFS=$'\t' read -r state name detail remedy <<<"$line"
      [ "$MODE" != --brief ] || [ "$state" = bad ] || continue
      case $state in ok) mark="$GREEN✓$PLAIN" ;; warn) mark="$YELLOW!$PLAIN" ;; *) mark="$RED✗$PLAIN" ;; esac
      printf '%s %-24s %s\n' "$mark" "$name" "$detail"
      [ -z "${remedy:-}" ] || printf '  %-24s %s%s%s\n' '' "$DIM" "$remedy" "$PLAIN"
    done
    [ "$MODE" = --brief ] || { [ $BROKEN = 0 ] && printf '\n%sAlcove can run here.%s\n' "$BOLD" "$PLAIN"; } || printf '\n%sAlcove cannot run here yet:%s see %s✗%s above.\n' "$BOLD" "$PLAIN" "$RED" "$PLAIN"
    ;;
esac
exit $BROKEN
