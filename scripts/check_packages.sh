#!/usr/bin/env bash
# Installs each package in target/dist/ in an empty folder, and trains the tiny data set there without a network and
# without the environment of the caller.
# Runs from any folder, with the Python that it is given: `scripts/check_packages.sh [PYTHON]`.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${1:-python3}
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT

offline=()
if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
  offline=(unshare -n)
else
  echo "not root: the network stays on"
fi

# Trains with the program that the arguments run, and uses the model.
trains() {
  local out
  out=$(mktemp -d -p "$empty")
  "${offline[@]}" env -i "PATH=/usr/bin:/bin" "HOME=$out" "$@" -c configs/smoke.toml --out "$out/run" --quiet \
    --require 'valid_accuracy >= 0.95' >"$out/printed"
  "${offline[@]}" env -i "PATH=/usr/bin:/bin" "HOME=$out" "$@" predict "$out/run/none" --data data/tiny.csv --quiet \
    --out "$out/predictions.csv"
  test "$(wc -l <"$out/predictions.csv")" = 61
  echo "trained and predicted: $*"
}

(cd target/dist && sha256sum --quiet --check SHA256SUMS)
count=0
for package in target/dist/*.whl target/dist/*.deb target/dist/*.tar.gz; do
  test -e "$package" || continue
  printf '\n== %s, %s bytes\n' "$(basename "$package")" "$(stat -c %s "$package")"
  folder=$(mktemp -d -p "$empty")
  case $package in
  *.whl)
    # The limit of the package index is far above this one, which is for growth to be noticed.
    test "$(stat -c %s "$package")" -le $((7 * 1024 * 1024)) || { echo "larger than 7 MiB" >&2; exit 1; }
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --no-index "$package"
    trains "$folder/bin/bntrain"
    trains "$folder/bin/python" -m bntrain
    ;;
  *.deb)
    dpkg-deb --info "$package" | grep -E '^ (Package|Version|Depends)'
    dpkg-deb --extract "$package" "$folder"
    trains "$folder/usr/bin/bntrain"
    zcat "$folder/usr/share/man/man1/bntrain-train.1.gz" | grep -q 'tensorboard'
    bash -c "source '$folder/usr/share/bash-completion/completions/bntrain' && complete -p bntrain" >/dev/null
    ;;
  *.tar.gz)
    tar -C "$folder" -xzf "$package"
    trains "$folder"/*/bntrain
    ;;
  esac
  count=$((count + 1))
done
test "$count" -gt 0 || { echo "there is no package in target/dist/" >&2; exit 1; }
