#!/usr/bin/env bash
# Packages of the program: `scripts/package.sh KIND...` with the kinds wheel (needs maturin), deb (needs cargo-deb) and
# tar. They are in target/dist/ with their checksums. TARGET=x86_64-unknown-linux-musl makes a static program.
# Runs from any folder.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -1)
target=${TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
release=${CARGO_TARGET_DIR:-target}${TARGET:+/$TARGET}/release
dist=target/dist
mkdir -p "$dist"

# The program, and what it writes about itself.
program() {
  cargo build --release --locked --bin bntrain ${TARGET:+--target "$TARGET"}
  rm -rf "$dist/man"
  "$release/bntrain" man --quiet --out "$dist/man"
  "$release/bntrain" completions bash >"$dist/bntrain.bash"
  "$release/bntrain" completions fish >"$dist/bntrain.fish"
  "$release/bntrain" completions zsh >"$dist/_bntrain"
}

for kind in "$@"; do
  printf '\n== %s\n' "$kind"
  case $kind in
  wheel)
    maturin build --release --locked --out "$dist" ${TARGET:+--target "$TARGET"} ${MATURIN_OPTIONS:-}
    ;;
  deb)
    program
    cargo deb --no-build --output "$dist/" ${TARGET:+--target "$TARGET"}
    ;;
  tar)
    program
    name=bntrain-$version-$target
    rm -rf "${dist:?}/$name"
    mkdir -p "$dist/$name/completions"
    install "$release/bntrain" "$dist/$name/bntrain"
    strip "$dist/$name/bntrain"
    cp -r README.md LICENSE-MIT CHANGELOG.md docs configs data "$dist/man" "$dist/$name/"
    cp "$dist/bntrain.bash" "$dist/bntrain.fish" "$dist/_bntrain" "$dist/$name/completions/"
    # The same bytes for the same files.
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$dist" -c "$name" |
      gzip -n9 >"$dist/$name.tar.gz"
    rm -rf "${dist:?}/$name"
    ;;
  *)
    echo "there is no package \"$kind\"; use wheel, deb or tar" >&2
    exit 2
    ;;
  esac
done

cd "$dist"
find . -maxdepth 1 \( -name '*.whl' -o -name '*.deb' -o -name '*.tar.gz' \) -printf '%f\n' | sort |
  xargs -r sha256sum | tee SHA256SUMS
