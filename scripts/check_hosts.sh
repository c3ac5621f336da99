#!/usr/bin/env bash
# Trains one network on several hosts over TCP, and compares the bits with those of one process; then has the link of a
# host go down, and goes on without it. The hosts are network namespaces of this machine, each with its own name and
# address, joined by a bridge that is in a namespace, too: nothing of the network of the machine itself is changed.
# Needs root, `ip` and Open MPI. Leaves nothing behind but target/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "needs root, for network namespaces"
command -v ip >/dev/null || fail "needs ip (Debian: iproute2)"
command -v mpirun >/dev/null || fail "needs Open MPI and libclang (Debian: libopenmpi-dev openmpi-bin libclang-dev)"

hosts=3
name=bntrain-$$
out=$(mktemp -d)
clean_up() {
  for host in switch $(seq "$hosts"); do
    ip netns pids "$name-$host" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
    ip netns del "$name-$host" 2>/dev/null || true
  done
  rm -rf "$out"
}
trap clean_up EXIT
ip netns add "$name-switch" || fail "may not make network namespaces; a container needs --privileged"

step "the program with the feature mpi"
cargo build --locked --features mpi --bin bntrain
bntrain=$(realpath "${CARGO_TARGET_DIR:-target}/debug/bntrain")

step "$hosts hosts"
ip -n "$name-switch" link add bridge type bridge
ip -n "$name-switch" link set bridge up
for host in $(seq "$hosts"); do
  ip netns add "$name-$host"
  ip link add eth0 netns "$name-$host" type veth peer name "port$host" netns "$name-switch"
  ip -n "$name-switch" link set "port$host" master bridge up
  ip -n "$name-$host" addr add "10.77.0.$host/24" dev eth0
  ip -n "$name-$host" link set lo up
  ip -n "$name-$host" link set eth0 up
done
# Runs a command on the host with this address, as ssh would.
cat >"$out/on" <<SH
#!/bin/sh
host=\${1##*.}
shift
exec ip netns exec "$name-\$host" unshare --uts sh -c "hostname host-\$host && \$*"
SH
chmod +x "$out/on"

addresses() { seq -f "10.77.0.%g" -s, "$1"; }
# On this many hosts, one process each. A host that does not answer is given up after 2 + 3 * 1 seconds.
together() {
  local count=$1
  shift
  timeout 300 "$out/on" 10.77.0.1 exec mpirun --allow-run-as-root --bind-to none --host "$(addresses "$count")" -n "$count" \
    --mca plm_rsh_agent "$out/on" --mca btl tcp,self --mca mpi_yield_when_idle 1 \
    --mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 "$@"
}
hashes() { grep -o '"result_hash": *"[0-9a-f]*"' "$1/summary.json"; }
received() { ip netns exec "$name-$1" cat /sys/class/net/eth0/statistics/rx_bytes; }

[ "$(together "$hosts" hostname | sort | tr '\n' ' ')" = "host-1 host-2 host-3 " ] || fail "the hosts do not answer"

cat >"$out/study.toml" <<TOML
[data]
path = "$PWD/data/wine.csv"
label = -1
[model]
hidden = [64, 64]
norm = "batch_norm"
[training]
epochs = 40
batch_size = 40
seed = 1
[optimizer]
type = "adam"
TOML
study=("$bntrain" "$out/study.toml" --quiet --threads 1 --set training.blocks=8)

step "the bits of one process"
"${study[@]}" --out "$out/alone" >/dev/null
for count in $(seq 2 "$hosts"); do
  before=$(received 2)
  together "$count" "${study[@]}" --out "$out/on-$count" >/dev/null
  [ "$(hashes "$out/on-$count")" = "$(hashes "$out/alone")" ] || fail "$count hosts give other bits"
  bytes=$(($(received 2) - before))
  [ "$bytes" -gt 1000000 ] || fail "host-2 received only $bytes bytes, so the processes have not used the network"
  echo "$count hosts: the same; host-2 received $bytes bytes"
done

step "data that differ"
sed 's/1/2/' data/wine.csv >"$out/other.csv"
cat >"$out/elsewhere" <<SH
#!/bin/sh
[ "\$(hostname)" != host-2 ] || mount --bind "$out/other.csv" "$PWD/data/wine.csv"
exec "\$@"
SH
chmod +x "$out/elsewhere"
found=0
together 2 unshare --mount "$out/elsewhere" "${study[@]}" --out "$out/differs" >/dev/null 2>"$out/error.txt" || found=$?
[ "$found" = 7 ] && grep "process 2 of 2 (on host-2) has another .*wine.csv, by its SHA-256" "$out/error.txt" ||
  { cat "$out/error.txt"; fail "exit code $found, not the error that names the host"; }
[ ! -e "$out/differs" ] || fail "something was written"

step "a link that goes down"
long=("${study[@]}" --set training.epochs=1000 --set 'training.checkpoint="epoch"')
"${long[@]}" --out "$out/whole" >/dev/null
together "$hosts" "${long[@]}" --out "$out/cut" >/dev/null 2>"$out/error.txt" &
launcher=$!
until [ -n "$(find "$out/cut" -name checkpoint.safetensors 2>/dev/null)" ]; do
  kill -0 "$launcher" 2>/dev/null || { cat "$out/error.txt"; fail "it ended by itself"; }
  sleep 0.05
done
ip -n "$name-switch" link set "port$hosts" down
began=$SECONDS
found=0
wait "$launcher" || found=$?
took=$((SECONDS - began))
[ "$found" != 0 ] || fail "it ended as if nothing had happened"
[ "$found" != 124 ] || fail "it went on for $took seconds"
grep -q "lost communication with a remote daemon" "$out/error.txt" || { cat "$out/error.txt"; fail "not the error of a lost host"; }
grep "Remote daemon: .*10.77.0.$hosts" "$out/error.txt" || { cat "$out/error.txt"; fail "the host is not named"; }
for second in $(seq 20); do
  left=$(pgrep -f "^$bntrain .*--out $out/cut\$" || true)
  [ -n "$left" ] || break
  sleep 1
done
[ -z "$left" ] || fail "a process goes on"
echo "all processes ended $took s after the link, with exit code $found"
together $((hosts - 1)) "$bntrain" resume "$out/cut" --quiet --threads 1 >/dev/null
[ "$(hashes "$out/cut")" = "$(hashes "$out/whole")" ] || fail "a run that goes on without a host has other bits"
echo "$((hosts - 1)) hosts went on: the same"

step "all passed"
