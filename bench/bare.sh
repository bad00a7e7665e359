#!/usr/bin/env bash
# bare.sh HOME SANDBOX DIRECTORY: a container with the configuration of that sandbox, on a disk and a root of the same kind, that crun alone
# takes down and up again: what Alcove's pause and resume are compared with. It reads words and answers each with a line:
#   start JSON   done, once the daemon inside was told to start that process and given two seconds
#   checkpoint   milliseconds that `crun checkpoint` took; nothing runs afterwards
#   restore      milliseconds that `crun restore` took
# It ends, and removes all of it, when its input does.
set -euo pipefail
export LC_ALL=C
home=$1 sandbox=$2 directory=$3
cgroups=/sys/fs/cgroup name=bare
if [ -z "${ALCOVE_BARE_INSIDE:-}" ]; then
  status=0
  unshare --mount --propagation private env ALCOVE_BARE_INSIDE=1 bash "$0" "$@" || status=$?
  find $cgroups -depth -type d -path '*/alcove-bench*' -exec rmdir {} + 2>/dev/null || true
  exit $status
fi

layer=$home/pool/layers/$(grep -o '"digest":"[0-9a-f]*' "$home/templates/base.json" | cut -d'"' -f4)
prefix=$(readlink -f "$home/prefix/current")
unified=$cgroups; [ ! -d $cgroups/unified ] || unified=$cgroups/unified

end() {
  set +e
  crun delete --force bare
  umount "$directory/root" "$directory/disk" "$directory/net"
  rm -rf "$directory" "$home/pool/$name" "$home/pool/$name.image"
} >/dev/null 2>&1

rm -rf "$directory"; mkdir -p "$directory"/{root,disk,identity,work}
trap end EXIT
cp --reflink=always "$home/pool/blanks/5120" "$home/pool/$name"
mount -o loop,nodev,noatime,noinit_itable,discard "$home/pool/$name" "$directory/disk"
mount -t overlay -o "nodev,index=on,nfs_export=on,redirect_dir=on,lowerdir=$layer,upperdir=$directory/disk/upper,workdir=$directory/disk/work" overlay "$directory/root"
touch "$directory/net"
unshare --net="$directory/net" ip link set lo up
cp -a "$home/sandboxes/$sandbox"/{identity,boot_id,machine-id} "$directory"
rm -rf "$directory/identity/cgroup"
grep -v action-script "$home/sandboxes/$sandbox/criu.conf" >"$directory/criu.conf"
python3 - "$home" "$sandbox" "$directory" "$name" <<'PY'
import json, sys
home, sandbox, directory, name = sys.argv[1:]
config = json.load(open(f'{home}/sandboxes/{sandbox}/config.json'))
config['annotations']['org.criu.config'] = f'{directory}/criu.conf'
config['root']['path'] = f'{directory}/root'
config['linux']['cgroupsPath'] = f'/alcove-bench/{name}'
config['mounts'] = [m for m in config['mounts'] if not m['destination'].startswith('/run/alcove/cgroup')]
for mount in config['mounts']:
    mount['source'] = mount['source'].replace(f'{home}/sandboxes/{sandbox}', directory)
for namespace in config['linux']['namespaces']:
    if namespace['type'] == 'network':
        namespace['path'] = f'{directory}/net'
json.dump(config, open(f'{directory}/config.json', 'w'))
PY

# What crun and criu need in order to work here at all: see docs/ARCHITECTURE.md.
mkdir -p "$unified/alcove-bench/$name"
echo $$ >"$unified/alcove-bench/$name/cgroup.procs"
[ $unified = $cgroups ] || umount $unified
mount -t tmpfs none /run
export PATH=$prefix/bin:$PATH
[ ! -e "$prefix/lib/alcove-limits.so" ] || limits=$prefix/lib/alcove-limits.so
# Nothing of the host may be open in it: criu could not say where that is.
crun() { LD_PRELOAD=${limits:-} command crun --log="$directory/crun.log" "$@" </dev/null >/dev/null 2>&1; }
daemon() { nsenter --net="$directory/net" curl -sS --noproxy '*' "$@"; }

crun run --detach --bundle="$directory" --pid-file="$directory/pid" bare
until daemon -f -o /dev/null http://127.0.0.1:49983/health 2>/dev/null; do sleep 0.02; done

timed() { # COMMAND …
  local since=$EPOCHREALTIME
  "$@" || { cat "$directory/crun.log" "$directory"/work/*.log >&2; exit 1; }
  echo "$since $EPOCHREALTIME" | awk '{printf "%.1f\n", ($2 - $1) * 1000}'
}

echo ready
while read -r word rest; do
  case $word in
    start)
      # One Connect message: a flag, its length, its text.
      python3 -c 'import struct, sys; text = sys.argv[1].encode(); sys.stdout.buffer.write(struct.pack(">BI", 0, len(text)) + text)' "$rest" >"$directory/message"
      daemon --max-time 2 -o /dev/null 2>/dev/null -H 'Content-Type: application/connect+json' --data-binary "@$directory/message" http://127.0.0.1:49983/process.Process/Start || true
      echo done ;;
    checkpoint)
      rm -rf "$home/pool/$name.image"; mkdir "$home/pool/$name.image"
      timed crun checkpoint --image-path="$home/pool/$name.image" --work-path="$directory/work" bare
      crun delete --force bare 2>/dev/null || true ;;
    restore)
      timed crun restore --detach --bundle="$directory" --image-path="$home/pool/$name.image" --work-path="$directory/work" --pid-file="$directory/pid" bare ;;
  esac
done
