#!/usr/bin/env bash
# assemble.sh PACKAGES PREFIX: puts crun, criu and their libraries, out of packages unpacked below PACKAGES, into PREFIX/bin and PREFIX/lib.
set -euo pipefail
packages=$1 prefix=$2
libraries=("$packages" -path '*/lib*' -name '*.so*' -not -path '*/gconv/*' -not -path '*/criu/*')
mkdir -p "$prefix"/{bin,lib}
# Files first, then the links beside them: /lib64 has a link of the loader's name that leads nowhere from here.
find "${libraries[@]}" -type f -exec cp -n {} "$prefix/lib" \;
find "${libraries[@]}" -type l -not -lname '*/*' -exec cp -Pn {} "$prefix/lib" \;
cp "$packages"/usr/bin/crun "$packages"/usr/sbin/criu "$prefix/bin"
