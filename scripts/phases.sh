#!/usr/bin/env bash
# Runs make targets one after another and prints how long each took; fails if one failed, after all have run.
# Use: phases.sh 'set-up=test-setup' 'Rust=test-rust' …   Only a failed first phase stops the rest.
set -uo pipefail

failed=0
report=''
first=1
for phase in "$@"; do
  name=${phase%%=*} target=${phase#*=}
  start=$SECONDS
  printf '\n== %s ==\n' "$name"
  if "${MAKE:-make}" --no-print-directory "$target"; then result=ok; else result=FAILED failed=1; fi
  report+=$(printf '%-12s %5d s  %s' "$name" $((SECONDS - start)) "$result")$'\n'
  if [ "$first" -eq 1 ] && [ "$failed" -eq 1 ]; then break; fi
  first=0
done
printf '\n%s%-12s %5d s\n' "$report" 'in all' "$SECONDS"
exit "$failed"
