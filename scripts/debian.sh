#!/usr/bin/env bash
# Makes sure that the programs of the system are there which the tests drive: a Chromium and a PostgreSQL. Takes what is
# installed, installs the distribution's as root, and otherwise names the command.
set -euo pipefail

packages=()
has_one_of() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}
has_one_of chromium chromium-browser google-chrome || packages+=(chromium)
# Debian keeps the server's programs out of the PATH.
has_one_of initdb /usr/lib/postgresql/*/bin/initdb || packages+=(postgresql)
[ "${#packages[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  exit 0
fi
printf 'missing: %s, which the tests drive\n  install: sudo apt-get install --no-install-recommends %s\n' "${packages[*]}" "${packages[*]}" >&2
exit 1
