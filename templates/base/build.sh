#!/usr/bin/env bash
# build.sh [--digest]: builds the base template below ALCOVE_HOME from Debian 13 packages alone, if this recipe has not been built there yet.
# Downloaded packages are kept in ALCOVE_HOME/cache, so that a build that was interrupted goes on where it was.
# --digest only says which layer this recipe makes. A changed recipe is a new layer with a new digest; setup/collect.sh removes those that nothing uses any more.
set -euo pipefail
export LC_ALL=C

home=${ALCOVE_HOME:-/var/lib/alcove}
recipe=$(dirname "$(readlink -f "$0")")
suite=trixie
cpus=2 memory=512 disk=5120

digest=$(cat "$recipe/packages" "$recipe/customize.sh" "$recipe/build.sh" | { cat; dpkg --print-architecture; } | sha256sum | cut -d' ' -f1)
layer=$home/pool/layers/$digest
[ "${1:-}" != --digest ] || { echo "$digest"; exit 0; }
manifest=$home/templates/base.json

write_manifest() {
  mkdir -p "$home/templates"
  printf '{"templateId":"base","digest":"%s","cpuCount":%d,"memoryMiB":%d,"diskMiB":%d}\n' "$digest" $cpus $memory $disk >"$manifest.new"
  mv "$manifest.new" "$manifest"
}

if [ ! -d "$layer" ]; then
  # The machine's own mirror: the one that its Debian packages come from.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | sort -u | head -1)
  [ -n "$mirror" ] || { echo "base template: no Debian mirror in this machine's apt sources" >&2; exit 1; }
  cache=$home/cache/base
  mkdir -p "$cache" "$home/pool/layers"
  rm -rf "$layer.new"
  packages=$(grep -v '^#' "$recipe/packages" | paste -sd,)
  # In a mount namespace of its own: newer ones make every mount of the machine private.
  unshare --mount --propagation slave mmdebstrap --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --skip=essential/unlink,cleanup/apt/cache \
    --setup-hook='mkdir -p "$1/var/cache/apt/archives"; cp -n "'"$cache"'"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || true' \
    --essential-hook='cp -n "$1"/var/cache/apt/archives/*.deb "'"$cache"'" 2>/dev/null || true' \
    --customize-hook='cp -n "$1"/var/cache/apt/archives/*.deb "'"$cache"'" 2>/dev/null || true; rm -f "$1"/var/cache/apt/archives/*.deb' \
    --customize-hook="sh '$recipe/customize.sh' \"\$1\"" \
    $suite "$layer.new" "$mirror"
  sync -f "$layer.new"
  mv -T "$layer.new" "$layer"
fi
write_manifest
