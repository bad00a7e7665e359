#!/usr/bin/env bash
# clean.sh: says what it would destroy; with YES=1, removes everything that Alcove made on this machine.
source "$(dirname "$0")/common.sh"
as_root "$@"

[ -d "$ALCOVE_HOME" ] || { echo "There is nothing at $ALCOVE_HOME."; exit 0; }
count() { # DIRECTORY ONE MANY
  local number; number=$(find "$1" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
  [ "$number" = 1 ] && echo "1 $2" || echo "$number $3"
}

size=$(du -shx "$ALCOVE_HOME" 2>/dev/null | cut -f1)
echo "This removes, for good: $(count "$ALCOVE_HOME/sandboxes" 'running sandbox' 'running sandboxes'), $(count "$ALCOVE_HOME/pool/captures" 'paused sandbox or snapshot' 'paused sandboxes and snapshots')"
echo "and $ALCOVE_HOME ($size): database, keys, templates, logs."
[ "${YES:-}" = 1 ] || { echo 'Say so: make clean YES=1'; exit 1; }

bash "$ROOT/setup/down.sh" --quiet
if [ -x "$(node_program)" ]; then "$(node_program)" cleanup; fi
for mount in $(awk -v home="$ALCOVE_HOME/" 'index($5, home) == 1 {print $5}' /proc/self/mountinfo | tac); do umount "$mount" 2>/dev/null || umount -l "$mount" || true; done
[ "$(readlink /usr/local/bin/alcove 2>/dev/null)" != "$ALCOVE_HOME/app/current/cli/alcove" ] || rm -f /usr/local/bin/alcove
rm -rf "$ALCOVE_HOME"
if [ "$ALCOVE_HOME" = /var/lib/alcove ]; then userdel $USER_NAME 2>/dev/null || true; groupdel $USER_NAME 2>/dev/null || true; fi
echo 'Everything is removed.'
