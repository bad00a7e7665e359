#!/usr/bin/env bash
# down.sh [--quiet]: stops server and node. Sandboxes live on.
source "$(dirname "$0")/common.sh"
as_root "$@"

stopped=''
for name in server node; do
  ! is_running $name || { stopped="$stopped $name"; kill -TERM "$(cat "$ALCOVE_HOME/$name.pid")" 2>/dev/null || true; }
done
for name in $stopped; do
  pid=$(cat "$ALCOVE_HOME/$name.pid")
  for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
done
rm -f "$ALCOVE_HOME"/{server,node}.pid
[ "${1:-}" = --quiet ] || if [ -n "$stopped" ]; then echo "Stopped:$stopped. Sandboxes live on."; else echo 'Nothing was running.'; fi
