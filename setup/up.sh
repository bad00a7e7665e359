#!/usr/bin/env bash
# up.sh: sets up what is missing, then runs server and node. DETACH=1: in the background. Ctrl-C stops both; sandboxes live on.
source "$(dirname "$0")/common.sh"
as_root "$@"

bash "$ROOT/setup/doctor.sh" --brief || fail 'this machine lacks what is named above' '`make doctor` prints the whole list.'
if is_running node && is_running server; then fail "Alcove runs already on $ALCOVE_HOME" '`make down` stops it.'; fi
bash "$ROOT/setup/down.sh" --quiet # One of them may have ended by itself.
bash "$ROOT/setup/install.sh" app
[ -z "${ALCOVE_COMMAND=/usr/local/bin/alcove}" ] || ln -sfn "$ALCOVE_HOME/app/current/cli/alcove" "$ALCOVE_COMMAND"

as_server=(setpriv "--reuid=$USER_NAME" "--regid=$USER_NAME" --init-groups)
case ${ALCOVE_LISTEN:-} in '' | 0.0.0.0* | '[::]'* | ::* | 127.0.0.1*) host=localhost ;; *) host=${ALCOVE_LISTEN%%,*} ;; esac
case $host in *:*) host="[$host]" ;; esac
api=http://$host:${ALCOVE_API_PORT:-3000} traffic=http://$host:${ALCOVE_TRAFFIC_PORT:-3002}
echo "$api" >"$ALCOVE_HOME/api-url"
NODE_LOG=$ALCOVE_HOME/logs/node.log SERVER_LOG=$ALCOVE_HOME/logs/server.log

cd / # The checkout may lie where the server's user cannot look.
start() { # NAME LOG COMMAND …
  local name=$1 log=$2; shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null &
  echo $! >"$ALCOVE_HOME/$name.pid"
}

stop_all() { bash "$ROOT/setup/down.sh" --quiet; }

is_healthy() { curl -fsS -o /dev/null --max-time 2 "$api/health" 2>/dev/null; }

show_logs() {
  tail -q -n 0 -F "$NODE_LOG" 2>/dev/null | sed -u "s/^/${DIM}node  ${PLAIN} /" &
  tail -q -n 0 -F "$SERVER_LOG" 2>/dev/null | sed -u "s/^/${BOLD}server${PLAIN} /" &
}

touch "$NODE_LOG" "$SERVER_LOG"
[ -n "${DETACH:-}" ] || { trap 'echo; stop_all; echo "Stopped. Sandboxes live on; the next start takes them over."; kill $(jobs -p) 2>/dev/null; exit 0' INT TERM; show_logs; }
start node "$NODE_LOG" "$(node_program)"
start server "$SERVER_LOG" "${as_server[@]}" "$(server_program)" --seed
give_up() { # MESSAGE
  tail -n 15 "$NODE_LOG" "$SERVER_LOG" >&2
  stop_all
  "${as_server[@]}" "$(server_program)" --help >/dev/null 2>&1 ||
    fail "the user $USER_NAME cannot run $(command -v dotnet)" 'Install the .NET SDK where every user can reach it (for example /usr/share/dotnet), not in a home directory.'
  fail "$1" "Logs: $ALCOVE_HOME/logs"
}

for _ in $(seq 300); do
  is_healthy && break
  is_running node && is_running server || { sleep 0.3; give_up 'server or node ended right away'; }
  sleep 0.1
done
is_healthy || give_up 'the server did not become healthy within 30 s'

cat <<TEXT

${BOLD}Alcove is up.${PLAIN} Tell clients where it is:

  export E2B_API_KEY=e2b_53ae1fed82754c17ad8077fbc8bcdd90
  export E2B_ACCESS_TOKEN=sk_e2b_89215020937a4c989cde33d7bc647715
  export E2B_API_URL=$api
  export E2B_SANDBOX_URL=$traffic
  export E2B_VOLUME_API_URL=$api

and try it (npm install e2b):

  import { Sandbox } from 'e2b'
  const sandbox = await Sandbox.create()
  console.log((await sandbox.commands.run('uname -a')).stdout)

${DIM}TLS on the same ports: curl --cacert $ALCOVE_HOME/server/tls/ca.crt · state and logs: $ALCOVE_HOME${PLAIN}
TEXT
if [ -n "${DETACH:-}" ]; then echo "${DIM}It runs in the background; make down stops it.${PLAIN}"; exit 0; fi
echo "${DIM}Ctrl-C stops server and node; sandboxes live on.${PLAIN}"

while is_running node && is_running server; do sleep 1; done
is_running node && ended=server || ended=node
stop_all
kill $(jobs -p) 2>/dev/null || true
fail "the $ended ended by itself" "Its log: $ALCOVE_HOME/logs/$ended.log; sandboxes live on, make up takes them over."
