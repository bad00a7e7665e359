#!/usr/bin/env bash
# prefix.sh: crun and criu for ALCOVE_HOME. The distribution's own where they pass the test below; otherwise newer ones from Debian's
# forky, put beside the system and not into it: nothing of it is installed, and the last prefix that passed is kept.
source "$(dirname "$0")/common.sh"

prefixes=$ALCOVE_HOME/prefix

passes() { # DIRECTORY: whether its crun is new enough and its criu knows this kernel
  "$1/bin/crun" --version 2>/dev/null | head -1 | awk '{split($3, v, "."); exit !(v[1] > 1 || v[2] >= 21)}' &&
    PATH=$1/bin:$PATH "$1/bin/criu" --version 2>/dev/null | awk '/^Version/ {split($2, v, "."); exit !(v[1] > 4 || (v[1] == 4 && v[2] >= 2))}'
}

compile_limits() { # PREFIX: see limits.c
  [ -e "$1/lib/alcove-limits.so" ] && [ "$1/lib/alcove-limits.so" -nt "$ROOT/setup/limits.c" ] && return
  mkdir -p "$1/lib"
  gcc -O2 -shared -fPIC -o "$1/lib/alcove-limits.so.new" "$ROOT/setup/limits.c"
  mv "$1/lib/alcove-limits.so.new" "$1/lib/alcove-limits.so"
}

if [ -x "$prefixes/current/bin/crun" ] && passes "$prefixes/current"; then
  compile_limits "$prefixes/current/."
  exit 0
fi

fetch() { # newer packages, by a private list of sources
  local work=$1 mirror options package
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | sort -u | head -1)
  [ -n "$mirror" ] || fail 'no Debian mirror in this machine'"'"'s apt sources'
  mkdir -p "$work"/lists/partial "$work"/debs/partial "$work"/root
  : >"$work/status" # apt locks the directory that this lies in: another set-up must not wait for it
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror forky main" >"$work/sources"
  options=(-qq -o "Dir::Etc::SourceList=$work/sources" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists"
    -o "Dir::Cache::Archives=$work/debs" -o "Dir::State::status=$work/status" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" -y --no-install-recommends --download-only install criu crun libcriu2
  for package in "$work"/debs/*.deb; do dpkg -x "$package" "$work/root"; done
}

patch_paths() { # DIRECTORY PREFIX: where it will be, since paths are written into it
  local directory=$1 prefix=$2 file loader
  find "$directory/lib" -type f -not -name 'ld-linux*' | while read -r file; do patchelf --force-rpath --set-rpath "$prefix/lib" "$file"; done
  loader=$prefix/lib/$(basename "$(find "$directory/lib" -name 'ld-linux-*.so.*' | head -1)")
  for file in "$directory"/bin/*; do patchelf --force-rpath --set-rpath "$prefix/lib" --set-interpreter "$loader" "$file"; done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/system/bin"
ln -s "$(command -v crun || echo /nonexistent)" "$work/system/bin/crun"
ln -s "$(command -v criu || echo /nonexistent)" "$work/system/bin/criu"
if passes "$work/system"; then
  prefix=$prefixes/$(cat "$work"/system/bin/* | sha256sum | cut -c1-16)
  if [ ! -d "$prefix" ]; then
    rm -rf "$prefix.new"
    mkdir -p "$prefix.new"
    cp -rL "$work/system/bin" "$prefix.new/bin"
    sync -f "$prefix.new" # What has its name is whole, whatever happens to the machine.
    mv -T "$prefix.new" "$prefix"
  fi
else
  fetch "$work"
  prefix=$prefixes/$(cd "$work/debs" && ls ./*.deb | sha256sum | cut -c1-16)
  if ! passes "$prefix"; then
    rm -rf "$prefix.new" "$prefix"
    bash "$ROOT/setup/assemble.sh" "$work/root" "$prefix.new" # With the packages' own loader.
    patch_paths "$prefix.new" "$prefix"
    sync -f "$prefix.new"
    mv -T "$prefix.new" "$prefix"
  fi
  passes "$prefix" || fail "crun and criu from forky do not run here" "See $prefix"
fi
compile_limits "$prefix"
ln -sfnT "$(basename "$prefix")" "$prefixes/current"
