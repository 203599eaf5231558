#!/usr/bin/env bash
# Makes sure that a Chromium is there for the browser tests: takes the one installed, installs the
# distribution's as root, and otherwise names the command.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done

packages='chromium'
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends $packages >/dev/null
  exit 0
fi
printf 'missing: Chromium, which the browser tests drive\n  install: sudo apt-get install --no-install-recommends %s\n' "$packages" >&2
exit 1
