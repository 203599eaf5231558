#!/usr/bin/env bash
# Fuzzes each target of sfu/fuzz for some seconds, on stable Rust. A finding stops it: the file that it names belongs into
# sfu/fuzz/seeds/TARGET/, where `make test` replays it.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET …]}
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(basename -s .rs sfu/fuzz/fuzz_targets/*.rs)
fi

tools=$PWD/target/tools
if ! [ -x "$tools/bin/cargo-fuzz" ]; then
  echo 'install cargo-fuzz'
  cargo install --quiet --locked --root "$tools" --version 0.13.2 cargo-fuzz
fi
export PATH=$tools/bin:$PATH
# The sanitizer's flags are unstable; this lets the stable compiler take them.
export RUSTC_BOOTSTRAP=1
cd sfu
for target in "${targets[@]}"; do
  mkdir -p "fuzz/corpus/$target"
  echo "== $target: $seconds s =="
  cargo fuzz run --release "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    -max_total_time="$seconds" -dict=fuzz/dictionary -max_len=2048 -verbosity=0 -print_final_stats=1
done
