#!/bin/sh
# Make the virtual environment $1 from requirements.lock; safe to run again, says what is missing.
set -eu
venv=$1
python=${PYTHON:-python3}
fail() {
  printf 'set-up: %s\n  = help: %s\n' "$1" "$2" >&2
  exit 3
}
command -v "$python" >/dev/null 2>&1 || fail "no $python on PATH" \
  "install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3 ..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$("$python" --version) is too old" "install Python 3.11 or newer, or name it: make PYTHON=..."
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
  fail "$python has no venv module" "install it (Debian: apt-get install python3-venv)"
started=$(date +%s)
if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
  echo "set-up: making $venv" >&2
  "$python" -m venv --clear "$venv" || fail "cannot make $venv" "check free space and permissions"
fi
echo "set-up: installing the locked packages (about 450 MB, a minute or two on a quick line)" >&2
# Runs "$@" and says how long it has been at it: on a terminal all the time, in a log once a minute.
timed() {
  "$@" &
  child=$!
  trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 130' INT TERM HUP
  seconds=0
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; then
      printf '\rset-up: %d:%02d\033[K' $((seconds / 60)) $((seconds % 60)) >&2
    elif [ $((seconds % 60)) = 0 ]; then
      echo "set-up: still installing after $((seconds / 60)) min" >&2
    fi
  done
  if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; then printf '\r\033[K' >&2; fi
  trap - INT TERM HUP
  wait "$child"
}
timed "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --require-hashes \
  --requirement requirements.lock ||
  fail "packages could not be installed" "see the message above; check the network, free space and pip's index settings"
timed "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --no-deps \
  --no-build-isolation --editable . ||
  fail "the project could not be installed" "see the message above"
# pip does this for packages it copies. An editable one is compiled at each start where nobody may write bytecode.
"$venv/bin/python" -m compileall -q msvc_pulumi components >/dev/null || true
echo "set-up: done in $(($(date +%s) - started)) s" >&2
