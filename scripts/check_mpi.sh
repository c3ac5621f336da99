#!/usr/bin/env bash
# Trains networks with 1 to 8 processes of MPI and several threads, and compares the bits; kills a process, or ends all,
# and goes on with another number; shares out runs to groups, those of tune, and claims; has
# processes that differ refused.
# Installs Open MPI and libclang where it can. Leaves nothing behind but target/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

if ! command -v mpirun >/dev/null || ! command -v mpicc >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -o Acquire::Retries=3 update -qq
    apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends libopenmpi-dev openmpi-bin libclang-dev >/dev/null
  fi
fi
command -v mpirun >/dev/null || fail "needs Open MPI and libclang (Debian: libopenmpi-dev openmpi-bin libclang-dev)"

step "the program with the feature mpi"
cargo build --locked --features mpi --bin bntrain
bntrain=$(realpath "${CARGO_TARGET_DIR:-target}/debug/bntrain")

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
together() {
  local ranks=$1
  shift
  timeout 300 mpirun --oversubscribe --allow-run-as-root --bind-to none --mca mpi_yield_when_idle 1 -n "$ranks" "$@"
}
hashes() { grep -o '"result_hash": *"[0-9a-f]*"' "$1/summary.json"; }

# Categories, missing values and an imbalanced label.
python3 - "$out/table.csv" <<'PY'
import random, sys
random.seed(1)
with open(sys.argv[1], "w") as file:
    file.write("size,color,age,kind\n")
    for row in range(407):
        size, color = random.gauss(0, 1), random.choice(["red", "green", "blue", ""])
        age = "" if random.random() < 0.2 else str(random.randrange(90))
        kind = "rare" if size + (color == "red") + random.gauss(0, 0.3) > 1.5 else "usual"
        file.write(f"{size:.3f},{color},{age},{kind}\n")
PY

cat >"$out/table.toml" <<TOML
[data]
path = "$out/table.csv"
label = "kind"
missing = "most_frequent"
missing_indicator = true
[model]
hidden = [19, 12]
norm = "batch_norm"
[training]
epochs = 3
batch_size = 37
blocks = 11
seed = 3
clip_norm = 1.0
class_weights = "balanced"
[optimizer]
type = "adamw"
TOML

cat >"$out/norms.toml" <<TOML
[data]
path = "$PWD/data/iris.csv"
label = "species"
[model]
hidden = [16, 16]
[training]
epochs = 2
batch_size = 32
blocks = 8
seed = 1
[optimizer]
type = "adam"
[compare]
norms = ["none", "batch_norm", "batch_renorm", "mean_only", "variance_only", "noise_only"]
TOML

cat >"$out/layers.toml" <<TOML
[data]
path = "$PWD/data/wine.csv"
label = -1
[training]
epochs = 3
batch_size = 48
blocks = 8
last_batch = "keep"
dtype = "f64"
seed = 2
[optimizer]
type = "sgd"
momentum = 0.9
[[layers]]
type = "affine"
units = 20
[[layers]]
type = "batch_norm"
backward = "graph"
[[layers]]
type = "relu"
[[layers]]
type = "dropout"
rate = 0.2
[[layers]]
type = "affine"
units = 17
weights = "weight_norm"
[[layers]]
type = "batch_norm"
backward = "closed_form"
[[layers]]
type = "tanh"
[[layers]]
type = "affine"
units = 14
[[layers]]
type = "ghost_batch_norm"
rows = 3
[[layers]]
type = "relu"
[[layers]]
type = "affine"
[[layers]]
type = "softmax_loss"
TOML

for name in table norms layers; do
  step "$name: 1, 2, 3, 4 and 8 processes"
  "$bntrain" "$out/$name.toml" --quiet --threads 1 --out "$out/$name" >/dev/null
  expected=$(hashes "$out/$name")
  for ranks in 1 2 3 4 8; do
    for threads in 1 2; do
      directory="$out/$name-$ranks-$threads"
      together "$ranks" "$bntrain" "$out/$name.toml" --quiet --threads "$threads" --out "$directory" >/dev/null
      [ "$(hashes "$directory")" = "$expected" ] || fail "$name: $ranks processes of $threads threads give other bits"
      cmp -s <(cut -d, -f1-6 "$out/$name/metrics.csv") <(cut -d, -f1-6 "$directory/metrics.csv") ||
        fail "$name: $ranks processes of $threads threads give other metrics"
      echo "$ranks processes, $threads threads: the same"
    done
  done
done

step "a process that is killed, and another number that goes on"
long=("$bntrain" "$out/table.toml" --quiet --threads 1 --set training.epochs=60 --set 'training.checkpoint="epoch"')
"${long[@]}" --out "$out/whole" >/dev/null
for ranks in 2 4; do
  for attempt in 1 2 3; do
    directory="$out/killed-$ranks-$attempt"
    together "$ranks" "${long[@]}" --out "$directory" >/dev/null 2>"$out/killed.txt" &
    launcher=$!
    until [ -n "$(find "$directory" -name checkpoint.safetensors 2>/dev/null)" ]; do
      kill -0 "$launcher" 2>/dev/null || break
      sleep 0.05
    done
    sleep "0.$((RANDOM % 5))"
    # One of the processes with this directory among its arguments that is not the launcher or `timeout`.
    victim=$(pgrep -f "^$bntrain .*--out $directory\$" | shuf -n 1 || true)
    began=$SECONDS
    if [ -n "$victim" ]; then
      kill -KILL "$victim" || true
    fi
    if wait "$launcher"; then
      echo "it had ended before"
    else
      [ $((SECONDS - began)) -le 15 ] || fail "the others went on for $((SECONDS - began)) s"
    fi
    together 3 "$bntrain" resume "$directory" --quiet --threads 1 >/dev/null
    [ "$(hashes "$directory")" = "$(hashes "$out/whole")" ] || fail "a run that was killed has other bits"
    echo "$ranks processes, one killed, 3 went on: the same"
  done
done

step "mpirun is ended, the runs are saved, and another number goes on"
ended=("$bntrain" "$out/table.toml" --quiet --threads 1 --set training.epochs=3000)
"${ended[@]}" --out "$out/undisturbed" >/dev/null
# Open MPI passes the signal on after these seconds, and kills after as many again. All epochs take several times as long.
mpirun --oversubscribe --allow-run-as-root --bind-to none --mca mpi_yield_when_idle 1 --mca odls_base_sigkill_timeout 2 -n 2 \
  "${ended[@]}" --out "$out/ended" >/dev/null 2>"$out/ended.txt" &
launcher=$!
until [ -n "$(find "$out/ended" -name config.toml 2>/dev/null)" ]; do
  kill -0 "$launcher" 2>/dev/null || { cat "$out/ended.txt"; fail "it ended by itself"; }
  sleep 0.05
done
kill -TERM "$launcher"
! wait "$launcher" || fail "it was not ended"
grep -q '"outcome": "interrupted"' "$out/ended/run.json" || { cat "$out/ended.txt"; fail "it ended before the signal"; }
[ -n "$(find "$out/ended" -name checkpoint.safetensors)" ] || fail "no checkpoint"
"$bntrain" resume "$out/ended" --quiet --threads 1 >/dev/null
[ "$(hashes "$out/ended")" = "$(hashes "$out/undisturbed")" ] || fail "a run that was saved has other bits"
echo "2 processes, ended by SIGTERM, 1 went on: the same"

step "groups of processes that share out the runs"
for groups in "4 2" "3 3" "5 2"; do
  read -r ranks count <<<"$groups"
  directory="$out/groups-$ranks-$count"
  together "$ranks" "$bntrain" "$out/norms.toml" --quiet --threads 1 --groups "$count" --out "$directory" >/dev/null
  [ "$(hashes "$directory")" = "$(hashes "$out/norms")" ] || fail "$ranks processes in $count groups give other bits"
  cmp -s <(cut -d, -f1-11 "$out/norms/metrics.csv") <(cut -d, -f1-11 "$directory/metrics.csv") ||
    fail "$ranks processes in $count groups give other metrics"
  [ ! -e "$directory.groups" ] || fail "shares were left behind"
  echo "$ranks processes in $count groups: the same"
done
# In the place of the second share is something else.
mkdir -p "$out/blocked.groups/2" && touch "$out/blocked.groups/2/other"
blocked=("$bntrain" "$out/norms.toml" --quiet --threads 1 --groups 2 --out "$out/blocked")
! together 2 "${blocked[@]}" >/dev/null 2>"$out/error.txt" || fail "shares of another training were taken for own ones"
grep -q "blocked.groups has shares of another training" "$out/error.txt" || { cat "$out/error.txt"; fail "not said"; }
! together 2 "${blocked[@]}" --resume >/dev/null 2>"$out/error.txt" || fail "a group without a place went on"
grep -q "group 2 of 2: .*blocked.groups/2" "$out/error.txt" || { cat "$out/error.txt"; fail "the group is not named"; }
grep -q "shares are kept in .*blocked.groups" "$out/error.txt" || { cat "$out/error.txt"; fail "not said what is kept"; }
[ ! -e "$out/blocked" ] || fail "shares were put together without one"
rm -r "$out/blocked.groups/2"
together 2 "${blocked[@]}" --resume >/dev/null
[ "$(hashes "$out/blocked")" = "$(hashes "$out/norms")" ] || fail "groups that went on give other bits"
together 2 "${blocked[@]}" --resume >"$out/shown.txt" || fail "what is finished is not shown"
grep -q "results: .*blocked" "$out/shown.txt" || { cat "$out/shown.txt"; fail "what is finished is not shown"; }
echo "a group that failed, and went on: the same"

# Where --out is to be replaced, other commands go on: those that are said.
replacing=("$bntrain" "$out/norms.toml" --quiet --threads 1 --groups 2 --out "$out/blocked" --force)
mpirun --oversubscribe --allow-run-as-root --bind-to none --mca mpi_yield_when_idle 1 --mca odls_base_sigkill_timeout 2 -n 2 \
  "${replacing[@]}" --set training.epochs=2000 >/dev/null 2>"$out/ended.txt" &
launcher=$!
until [ -n "$(find "$out/blocked.groups" -name start.jsonl 2>/dev/null)" ]; do
  kill -0 "$launcher" 2>/dev/null || { cat "$out/ended.txt"; fail "it ended by itself"; }
  sleep 0.05
done
kill -TERM "$launcher"
! wait "$launcher" || fail "it was not ended"
grep -o 'go on with `bntrain resume .*--force`' "$out/ended.txt" | grep -o '`[^`]*`' | tr -d '`' >"$out/commands.txt" || true
[ "$(wc -l <"$out/commands.txt")" -ge 2 ] || { cat "$out/ended.txt"; fail "not said how to go on"; }
sed "s|^bntrain|$bntrain|; s|$| --quiet|" "$out/commands.txt" | bash -e >/dev/null
grep -q "^epochs = 2000$" "$out/blocked/config.toml" || fail "what they said did not replace the run"
rm -r "$out/blocked.groups"
echo "groups that were ended where a run is replaced: what is said goes on"

step "runs of tune and claims of reproduce, dealt out to the processes"
tune=("$bntrain" tune "$out/table.toml" --points 4 --folds 3 --threads 1 --quiet --set training.epochs=2)
claims=("$bntrain" reproduce normalized norm-growth gradient-growth rank --threads 1 --quiet --json)
"${tune[@]}" --out "$out/tuned.toml" >/dev/null
"${claims[@]}" >"$out/claims.jsonl"
for ranks in 2 3; do
  together "$ranks" "${tune[@]}" --out "$out/tuned-$ranks.toml" >/dev/null
  # The first line has the time.
  cmp -s <(tail -n +2 "$out/tuned.toml") <(tail -n +2 "$out/tuned-$ranks.toml") || fail "$ranks processes tune otherwise"
  together "$ranks" "${claims[@]}" >"$out/claims-$ranks.jsonl"
  cmp -s "$out/claims.jsonl" "$out/claims-$ranks.jsonl" || fail "$ranks processes find something else"
  echo "$ranks processes: the same"
done
together 2 "${tune[@]}" --seconds 0.001 --out "$out/none.toml" >/dev/null 2>"$out/error.txt" && fail "a point was tried"
grep -q "no point was tried in that time" "$out/error.txt" || { cat "$out/error.txt"; fail "not said that there was no time"; }
[ ! -e "$out/none.toml" ] || fail "a config was written without a point"

step "what is refused"
refused() {
  local code=$1 text=$2
  shift 2
  local found=0
  "$@" >"$out/refused.txt" 2>&1 || found=$?
  [ "$found" = "$code" ] || { cat "$out/refused.txt"; fail "exit code $found, expected $code: $text"; }
  [ "$(grep -c "$text" "$out/refused.txt")" = 1 ] || { cat "$out/refused.txt"; fail "not said once: $text"; }
  [ ! -e "$out/refused" ] || fail "something was written: $text"
  echo "refused: $text"
}
plain=("$bntrain" "$out/table.toml" --quiet --out "$out/refused")
refused 2 "4 processes, but training.blocks = 3" together 4 "${plain[@]}" --set training.blocks=3
refused 2 "groups 5, but there are 4 processes: start more together" together 4 "${plain[@]}" --groups 5
refused 2 "is in the run directory or in that of its shares" \
  together 4 "${plain[@]}" --groups 2 --tensorboard "$out/refused.groups/events"
refused 2 "without \[compare\] there is one run" together 4 "${plain[@]}" --groups 2
refused 2 "standard input reaches only the first process" \
  together 2 "${plain[@]}" --set data.path=- <"$out/table.csv"
refused 7 "another vector instructions" \
  timeout 60 mpirun --oversubscribe --allow-run-as-root -n 1 "${plain[@]}" : -n 1 -x BNTRAIN_KERNEL=baseline "${plain[@]}"
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  sed 's/red/blue/' "$out/table.csv" >"$out/other.csv"
  elsewhere=(unshare -m sh -c "mount --bind '$out/other.csv' '$out/table.csv' && exec \"\$@\"" sh)
  refused 7 "process 2 of 2 has another .*table.csv, by its SHA-256" \
    timeout 60 mpirun --oversubscribe --allow-run-as-root -n 1 "${plain[@]}" : -n 1 "${elsewhere[@]}" "${plain[@]}"
  dealt=("$bntrain" tune "$out/table.toml" --points 2 --folds 2 --quiet --out "$out/refused")
  refused 7 "process 2 of 2 has another .*table.csv, by its SHA-256" \
    timeout 60 mpirun --oversubscribe --allow-run-as-root -n 1 "${dealt[@]}" : -n 1 "${elsewhere[@]}" "${dealt[@]}"
  dealt=("$bntrain" reproduce norm-growth --data "$out/table.csv" --label kind --quiet --markdown "$out/refused")
  refused 7 "process 2 of 2 has another .*table.csv, by its SHA-256" \
    timeout 60 mpirun --oversubscribe --allow-run-as-root -n 1 "${dealt[@]}" : -n 1 "${elsewhere[@]}" "${dealt[@]}"
  missing=(unshare -m sh -c "mount --bind /dev/null '$out/table.csv' && exec \"\$@\"" sh)
  refused 7 "process 2 of 2: " \
    timeout 60 mpirun --oversubscribe --allow-run-as-root -n 1 "${plain[@]}" : -n 1 "${missing[@]}" "${plain[@]}"
fi

step "all passed"
