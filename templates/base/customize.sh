#!/bin/sh
# Runs once on the finished package root, $1: what makes of it a place to work in.
set -e
root=$1

ln -sf python3 "$root/usr/bin/python"
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED

chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash user
echo 'user ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/user"
chmod 440 "$root/etc/sudoers.d/user"

echo e2b.local >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\te2b.local\n' >"$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
echo 'nameserver 8.8.8.8' >"$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

: >"$root/etc/machine-id"
mkdir -p "$root/run/alcove" "$root/.alcove/envd" "$root/run/e2b"
printf '[global]\nbreak-system-packages = true\nroot-user-action = ignore\n' >"$root/etc/pip.conf"
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/var/log/apt "$root"/var/log/dpkg.log
