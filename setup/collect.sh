#!/usr/bin/env bash
# collect.sh: removes the programs, the daemons, the crun/criu prefixes and the layers that nothing refers to any more: no link `current`, no
# template, no sandbox and no capture of one. While the node runs nothing is removed: it may be starting a sandbox from any of them.
source "$(dirname "$0")/common.sh"
as_root "$@"

exec 9>>"$ALCOVE_HOME/node.lock"
flock --nonblock 9 || exit 0
# Captures lie in the pool: without it nobody knows what they need.
[ ! -e "$ALCOVE_HOME/pool.img" ] || mountpoint -q "$ALCOVE_HOME/pool" || exit 0

references=$(mktemp)
trap 'rm -f "$references"' EXIT
find "$ALCOVE_HOME/templates" "$ALCOVE_HOME/sandboxes" "$ALCOVE_HOME/pool/captures" -maxdepth 2 -name '*.json' -exec cat {} + >"$references" 2>/dev/null || true

remove_unused() { # DIRECTORY REFERENCE: what is in it and not referred to; % stands for a name
  local directory=$1 reference=$2 entry name
  for entry in "$directory"/*; do
    name=$(basename "$entry")
    [ -d "$entry" ] && [ ! -L "$entry" ] && [ "$name" != "$(readlink "$directory/current" 2>/dev/null)" ] || continue
    grep -qF "${reference/\%/"${name%.new}"}" "$references" || rm -rf "$entry"
  done
}

remove_unused "$ALCOVE_HOME/app" '/app/%/'
remove_unused "$ALCOVE_HOME/envd" '/envd/%"'
remove_unused "$ALCOVE_HOME/prefix" '/prefix/%"'
remove_unused "$ALCOVE_HOME/pool/layers" '"%"'
