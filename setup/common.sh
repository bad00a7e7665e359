# Sourced by the scripts beside it: where things are, and how progress is told.
set -euo pipefail
export LC_ALL=C
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ALCOVE_HOME=${ALCOVE_HOME:-/var/lib/alcove}
ALCOVE_HOME=$(realpath --canonicalize-missing --no-symlinks "$ALCOVE_HOME")
export ALCOVE_HOME
USER_NAME=alcove

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

fail() { # MESSAGE [WHAT TO DO]
  printf '%s✗ %s%s\n' "$RED" "$1" "$PLAIN" >&2
  [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
  exit 1
}

# step NAME COMMAND …: runs it with its output in a log, showing the time it takes; a failure shows the log's end.
step() {
  local name=$1 log since=$SECONDS pid; shift
  mkdir -p "$ALCOVE_HOME/logs"
  log=$ALCOVE_HOME/logs/setup-$(echo "${name,,}" | tr -cs 'a-z0-9\n' - | sed 's/-$//').log
  "$@" >"$log" 2>&1 &
  pid=$!
  while kill -0 $pid 2>/dev/null; do
    [ ! -t 1 ] || printf '\r%s… %s %ds%s ' "$DIM" "$name" $((SECONDS - since)) "$PLAIN"
    sleep 0.2
  done
  [ ! -t 1 ] || printf '\r\e[K'
  if wait $pid; then
    printf '%s✓%s %s %s(%ds)%s\n' "$GREEN" "$PLAIN" "$name" "$DIM" $((SECONDS - since)) "$PLAIN"
  else
    tail -n 25 "$log" >&2
    fail "$name failed" "The whole log: $log"
  fi
}

# as_root: runs this very script again through sudo where it is not root already; every setting of ours goes along.
as_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null || fail "Alcove needs root to make namespaces and mounts" "Run it as root, or install sudo."
  exec sudo "--preserve-env=$(compgen -e ALCOVE_ | paste -sd,),ROUNDS,ONLY,DETACH,YES,NO_COLOR,DOTNET_ROOT,HOME" \
    env "PATH=$PATH" bash "$0" "$@"
}

# digest FILE-OR-DIRECTORY …: of the content of all of them, wherever the checkout lies.
digest() { cd "$ROOT" && find "${@#"$ROOT"/}" -type f -not -path '*/bin/*' -not -path '*/obj/*' -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16; }

node_program() { echo "$ALCOVE_HOME/app/current/node/alcove-node"; }
server_program() { echo "$ALCOVE_HOME/app/current/server/alcove-server"; }

is_running() { # NAME: whether the process in its pid file lives and is what it says
  local pid; pid=$(cat "$ALCOVE_HOME/$1.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && grep -qs "alcove-$1" "/proc/$pid/cmdline"
}
