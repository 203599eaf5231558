#!/usr/bin/env bash
# Says which tools are missing or too old, with the command that installs each; silent when all is well.
# Use: need.sh python rust node cc …   Called by the Makefile before anything is built.
set -euo pipefail

missing=0

# complain WHAT COMMAND
complain() {
  printf 'missing: %s\n  install: %s\n' "$1" "$2" >&2
  missing=1
}

# at_least WANTED FOUND: is FOUND the same version or a later one?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# version COMMAND…: the first number with dots that the command prints, or 0
version() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || echo 0; }

need_python() {
  # 3.11: the oldest that the wheel's abi3 and the lock are made for
  at_least 3.11 "$(version python3 --version)" || { complain 'Python 3.11 or later' 'apt-get install python3 python3-venv'; return; }
  python3 -c 'import ensurepip, venv' 2>/dev/null || complain "Python's venv module" 'apt-get install python3-venv'
}

need_rust() {
  # 1.89: rust-version in Cargo.toml
  at_least 1.89 "$(version cargo --version)" && return
  if command -v rustup >/dev/null; then
    complain 'Rust 1.89 or later' 'rustup toolchain install stable && rustup default stable'
  else
    complain 'Rust 1.89 or later' "curl --proto '=https' -sSf https://sh.rustup.rs | sh"
  fi
}

need_node() {
  # 20.19: the oldest that Vite 8 runs on
  at_least 20.19 "$(version node --version)" || complain 'Node.js 20.19 or later' 'apt-get install nodejs npm (Debian 13), or: nvm install 22'
  command -v npm >/dev/null || complain 'npm' 'apt-get install npm'
}

need_cc() {
  command -v cc >/dev/null || complain 'a C compiler' 'apt-get install gcc libc6-dev'
}

for tool in "$@"; do "need_$tool"; done
exit "$missing"
