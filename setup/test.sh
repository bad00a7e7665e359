#!/usr/bin/env bash
# test.sh [durability]: installs what the tests need, builds, runs every suite, and prints one line over all of them at the end.
# durability: instead of every suite the durability tests alone, in full, with a table of what was walked, and the SDKs' rounds of pause and resume, 20 of them.
source "$(dirname "$0")/common.sh"
as_root "$@"
export ALCOVE_TEST_HOME=${ALCOVE_TEST_HOME:-/var/lib/alcove-test}
export ALCOVE_HOME=$ALCOVE_TEST_HOME

bash "$ROOT/setup/doctor.sh" --brief || fail 'this machine lacks what is named above'
mkdir -p "$ALCOVE_HOME/logs"
command -v npm >/dev/null && [ -x /usr/bin/psql ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || step 'packages for tests' sh -c 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql python3 $(command -v npm >/dev/null || echo npm)'
step 'build' dotnet build "$ROOT/Alcove.slnx" --nologo --verbosity quiet
bash "$ROOT/setup/install.sh" packages
node=$ROOT/artifacts/bin/Alcove.Node/debug/alcove-node
# A machine that went down may have left a pool that cannot be mounted any more: here it holds nothing that is not made again.
if [ -e "$ALCOVE_HOME/pool.img" ] && ! "$node" prepare; then
  echo 'The pool of an earlier run cannot be used: it is made anew.'
  rm -rf "$ALCOVE_HOME"/{pool.img,templates,sandboxes}
fi
# Tests fill the pool: it is a file system of its own also where the home's could share blocks itself.
if [ ! -e "$ALCOVE_HOME/pool.img" ]; then
  rm -rf "$ALCOVE_HOME"/{pool,templates,sandboxes} "$ALCOVE_HOME/pool.img.new"
  truncate -s 64G "$ALCOVE_HOME/pool.img.new"
  mkfs.xfs -q -m reflink=1 "$ALCOVE_HOME/pool.img.new"
  mv "$ALCOVE_HOME/pool.img.new" "$ALCOVE_HOME/pool.img"
fi
bash "$ROOT/setup/install.sh" parts "$node"
[ -x "$ROOT/tests/Alcove.IntegrationTests/sdk/node_modules/.bin/node" ] || step 'official SDKs and CLI' sh -c "cd '$ROOT/tests/Alcove.IntegrationTests/sdk' && npm ci --no-audit --no-fund"

passed=0 failed=0 skipped=0 failures=''
suite() { # NAME COMMAND …: runs a suite, adds up what its summary says
  local name=$1 log status=0 summary; shift
  log=$(mktemp)
  echo "— $name"
  "$@" 2>&1 | tee "$log" || status=$?
  sed -i 's/\x1b\[[0-9;]*m//g' "$log"
  summary=$(grep -aoE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1 || true)
  failures+=$(grep -a -A 8 '\[FAIL\]$' "$log" || true)$'\n'
  rm -f "$log"
  if [ -z "$summary" ]; then failed=$((failed + 1)); return; fi
  read -r total errors bad left < <(echo "$summary" | grep -oE '[0-9]+' | paste -sd' ')
  failed=$((failed + bad + errors)) skipped=$((skipped + left)) passed=$((passed + total - bad - left))
  [ $status = 0 ] || [ $((bad + errors)) -gt 0 ] || failed=$((failed + 1))
}

binaries=$ROOT/artifacts/bin
integration() { # NAME ARGUMENT …: in a network of their own nothing that a test sends can leave the machine, and what a killed run left goes with it.
  local name=$1; shift
  suite "$name" unshare --net sh -c 'ip link set lo up; exec "$0" "$@"' "$binaries/Alcove.IntegrationTests/debug/Alcove.IntegrationTests" "$@"
}

if [ "${1:-}" = durability ]; then
  export ALCOVE_TEST_DURABILITY=1
  integration durability -namespace Alcove.IntegrationTests.Durability
  ALCOVE_TEST_ROUNDS=20 integration 'rounds by the SDKs' -namespace Alcove.IntegrationTests.Sdk
  cat "$ALCOVE_HOME"/logs/{fault-walk,random-kills}.txt || true
else
  suite fast "$binaries/Alcove.Tests/debug/Alcove.Tests"
  integration integration
fi
[ $failed = 0 ] || printf '\nWhat failed, from all suites:\n%s\n' "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
