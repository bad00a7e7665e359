#!/usr/bin/env bash
# down.sh [--quiet]: stops server and node. Sandboxes live on.
source "$(dirname "$0")/common.sh"
as_root "$@"

stopped=''
for name in server node; do
  if is_running $name; then
    pid=$(cat "$ALCOVE_HOME/$name.pid")
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
    stopped="$stopped $name"
  fi
  rm -f "$ALCOVE_HOME/$name.pid"
done
[ "${1:-}" = --quiet ] || echo "${stopped:+Stopped:$stopped. Sandboxes live on.}${stopped:-Nothing was running.}" | sed 's/Sandboxes live on\..*/Sandboxes live on./'
