#!/usr/bin/env bash
# install.sh [app|parts|packages]: everything that ALCOVE_HOME needs before server and node can start. What is done already is left alone.
# parts: without publishing server and node, for tests, which bring their own build. packages: those of the distribution alone.
source "$(dirname "$0")/common.sh"

packages=(patchelf mmdebstrap debian-archive-keyring nftables iproute2 e2fsprogs xfsprogs util-linux curl ca-certificates sudo gcc libc6-dev zlib1g-dev libnss-myhostname python3 git make)

packages_missing() { ! dpkg-query -W -f '${Status}\n' "${packages[@]}" 2>/dev/null | awk '!/install ok installed/ {bad = 1} END {exit bad || NR < '"${#packages[@]}"'}'; }

install_packages() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

make_user() {
  getent group $USER_NAME >/dev/null || groupadd --system $USER_NAME
  id $USER_NAME >/dev/null 2>&1 || useradd --system --gid $USER_NAME --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $USER_NAME
  mkdir -p "$ALCOVE_HOME"/{secrets,server,logs,templates,sandboxes,envd,prefix,app}
  chmod 700 "$ALCOVE_HOME/secrets"
  chown -R $USER_NAME: "$ALCOVE_HOME/secrets" "$ALCOVE_HOME/server"
}

publish_envd() { # SOURCE-DIGEST
  local hash; hash=$(bash "$ROOT/src/Alcove.Envd/publish.sh" "$ALCOVE_HOME/envd" | tail -n 1)
  sync -f "$ALCOVE_HOME/envd"
  ln -sfnT "$hash" "$ALCOVE_HOME/envd/current"
  echo "$1" >"$ALCOVE_HOME/envd/sources"
}

publish_app() { # SOURCE-DIGEST
  local new=$ALCOVE_HOME/app/$1.new
  rm -rf "$new"
  dotnet publish "$ROOT/src/Alcove.Node" --configuration Release --nologo --verbosity quiet --output "$new/node"
  dotnet publish "$ROOT/src/Alcove.Server" --configuration Release --nologo --verbosity quiet --output "$new/server"
  dotnet publish "$ROOT/src/Alcove.Cli" --configuration Release --nologo --verbosity quiet --output "$new/cli"
  mkdir -p "$new/cli/setup"; cp "$ROOT"/setup/*.sh "$new/cli/setup/"
  chmod -R a+rX "$new"
  sync -f "$new"
  rm -rf "$ALCOVE_HOME/app/$1"; mv -T "$new" "$ALCOVE_HOME/app/$1"
  ln -sfnT "$1" "$ALCOVE_HOME/app/current"
}

prepare_node() { ALCOVE_HOME=$ALCOVE_HOME "$1" prepare; }

what=${1:-app}
mkdir -p "$ALCOVE_HOME/logs"
! packages_missing || step 'packages' install_packages
[ "$what" != packages ] || exit 0
make_user
bash "$ROOT/setup/prefix.sh" >"$ALCOVE_HOME/logs/prefix.log" 2>&1 & prefix_job=$!
sources=$(digest "$ROOT"/src/Alcove.{Protocol,Connect,Envd} "$ROOT/protos" "$ROOT"/Directory.*)
[ -e "$ALCOVE_HOME/envd/current/envd" ] && [ "$(cat "$ALCOVE_HOME/envd/sources" 2>/dev/null)" = "$sources" ] || step 'daemon for sandboxes (NativeAOT)' publish_envd "$sources"
if [ "$what" = app ]; then
  sources=$(digest "$ROOT"/src "$ROOT/protos" "$ROOT/setup" "$ROOT"/Directory.*)
  [ -d "$ALCOVE_HOME/app/$sources" ] && [ "$(readlink "$ALCOVE_HOME/app/current")" = "$sources" ] || step 'server, node and command line' publish_app "$sources"
  prepare_node "$(node_program)"
else
  prepare_node "$2"
fi
if ! wait $prefix_job; then tail -n 20 "$ALCOVE_HOME/logs/prefix.log" >&2; fail 'crun and criu could not be provided'; fi
recipe=$(bash "$ROOT/templates/base/build.sh" --digest)
if [ -d "$ALCOVE_HOME/pool/layers/$recipe" ]; then bash "$ROOT/templates/base/build.sh" >/dev/null; else step 'base template (Debian 13)' bash "$ROOT/templates/base/build.sh"; fi
bash "$ROOT/setup/collect.sh"
