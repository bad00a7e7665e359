#!/usr/bin/env bash
# publish.sh OUTDIR: builds the daemon and puts it, with the loader and libraries that it needs, into OUTDIR/<hash>.
# Prints the hash. The directory is bound read-only at /.alcove/envd in every sandbox, so that the daemon runs in a
# root without glibc; its name is a hash of its content, since a sleeping sandbox must find the very files it ran with.
set -euo pipefail
export LC_ALL=C

inside=/.alcove/envd
out=$1
project=$(dirname "$(readlink -f "$0")")
case $(uname -m) in
  x86_64) runtime=linux-x64 loader=ld-linux-x86-64.so.2 ;;
  aarch64) runtime=linux-arm64 loader=ld-linux-aarch64.so.1 ;;
  *) echo "publish.sh: no daemon for $(uname -m)" >&2; exit 1 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish "$project/Alcove.Envd.csproj" --configuration Release --runtime "$runtime" --nologo --verbosity quiet --output "$work/publish" >&2

mkdir "$work/envd"
cp "$work/publish/envd" "$work/envd/envd"
ldd "$work/envd/envd" | awk '$2 == "=>" {print $3} $1 ~ /^\// {print $1}' | while read -r library; do
  cp -L "$library" "$work/envd/"
done
patchelf --force-rpath --set-rpath "$inside" --set-interpreter "$inside/$loader" "$work/envd/envd"
for library in "$work"/envd/*.so*; do
  [ "$(basename "$library")" = "$loader" ] || patchelf --force-rpath --set-rpath "$inside" "$library"
done
chmod 755 "$work"/envd "$work"/envd/*

hash=$(cd "$work/envd" && sha256sum -- * | sha256sum | cut -c1-16)
mkdir -p "$out"
if [ ! -d "$out/$hash" ]; then
  cp -r "$work/envd" "$out/$hash.new"
  mv -T "$out/$hash.new" "$out/$hash"
fi
echo "$hash"
