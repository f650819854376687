#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows a booking day go through the bridge: a backend, the daemon, two local programs, an event sent upstream, and an outage.
#
# usage: demo.sh BUILD_DIR [--keep]     --keep: runs on until Ctrl-C
#
# Every step is checked: the status is 0 only when all that is told did happen. Everything lives in a temporary folder and ends with this script.
# shellcheck disable=SC2016 # what is told names commands in backquotes
set -euo pipefail
export LC_ALL=C.UTF-8

usage() { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
case "$# ${2:-}" in '1 ' | '2 --keep') ;; *) usage ;; esac
build=$(readlink -f "$1")
keep=${2:-}
here=$(dirname "$(readlink -f "$0")")
source_dir=$(readlink -f "$here/../..")

dir=$(mktemp -d "${TMPDIR:-/tmp}/roombridge-demo.XXXXXX")
socket=$dir/roombridge.sock
ctl=("$build/clients/ctl/roombridgectl" --socket "$socket")
declare -A pids=()
viewers=()
# The backend's commands. Opened for both directions, as a FIFO that nobody has open for writing reads as ended.
mkfifo "$dir/control"
exec {control}<>"$dir/control"

# ---- what is printed --------------------------------------------------------

width=150 bold='' plain='' red=''
declare -A colour=([backend]='' [roombridged]='' [kitchen]='' ['front desk']='' [till]='')
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  width=$(tput cols 2>/dev/null || echo 150)
  bold=$'\e[1m' plain=$'\e[0m' red=$'\e[31m'
  colour=([backend]=$'\e[35m' [roombridged]=$'\e[36m' [kitchen]=$'\e[33m' ['front desk']=$'\e[32m' [till]=$'\e[34m')
fi

caption() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; shift; [ $# = 0 ] || printf '   %s\n' "$@"; }

prefixed() { # NAME: a program's lines, cut to the terminal
  local line
  while IFS= read -r line; do
    printf '%s%11s |%s %s\n' "${colour[$1]}" "$1" "$plain" "${line:0:width - 14}"
  done
}

# ---- the programs -----------------------------------------------------------

start() { # NAME COMMAND...: in the background, its output in a file and on the screen
  local name=$1
  shift
  : >"$dir/$name.log" # now, as the viewer below may be quicker than the program
  set -m # a process group of its own: Ctrl-C is for this script, which ends the others in order
  "$@" >>"$dir/$name.log" 2>&1 {control}>&- &
  pids[$name]=$!
  tail -n +1 -f -s 0.1 --pid="${pids[$name]}" "$dir/$name.log" 2>/dev/null > >(prefixed "$name") &
  viewers+=($!)
  set +m
}

end() { # NAME: asks a program to leave and returns its status
  local pid=${pids[$1]} deadline=$((SECONDS + 5))
  unset "pids[$1]"
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || { kill -KILL "$pid"; break; }
    sleep 0.05
  done
  wait "$pid"
}

clean_up() {
  local status=$?
  trap '' EXIT INT TERM
  for name in "${!pids[@]}"; do end "$name" || true; done
  wait "${viewers[@]}" 2>/dev/null || true
  rm -rf "$dir"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  printf '%sdemo: %s%s\n' "$red" "$1" "$plain" >&2
  exit 1
}

all_alive() { # WHAT we are waiting for
  local name
  for name in "${!pids[@]}"; do
    kill -0 "${pids[$name]}" 2>/dev/null || fail "$name ended while waiting for: $1"
  done
}

await() { # SECONDS WHAT COMMAND...: until the command succeeds
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt "$end" ] || fail "this did not happen in time: $what"
    all_alive "$what"
    sleep 0.1
  done
}

# ---- the facts, read from what the programs printed -------------------------

count() { grep -c -E -- "$2" "$dir/$1.log" || true; } # NAME REGEX
seen() { [ "$(count "$1" "$2")" -ge "${3:-1}" ]; } # NAME REGEX [TIMES]
seen_both() { seen kitchen "$1" "$2" && seen 'front desk' "$3" "$4"; }
# An event on the front desk after the newest status, which is that it is authenticated.
alive_again() {
  awk '/^status: / { events = 0; state = $2 } /^reservation |^notification / { ++events } END { exit !(state == "authenticated" && events >= 2) }' \
    "$dir/front desk.log"
}

# ---- the demo ---------------------------------------------------------------

caption 'roombridge: one live connection to the booking backend, shared by every program of a shop machine' \
  'A backend plays a booking day here, roombridged keeps the one connection to it, and local programs get the events from its Unix socket.'

caption '1. The booking backend starts' 'A small Socket.IO server. It wants a token, and sends events to rooms: shop-7, shop-12, user-42, …'
start backend "$build/tests/upstream/booking-server" --script day --rate 2 --token demo-token=42 <"$dir/control"
await 10 'the backend listens' seen backend '^listening on '
url=$(sed -n 's/^listening on //p' "$dir/backend.log")

caption '2. roombridged starts, logs in and joins the rooms of its config' \
  'The token is in a file that it reads afresh for every attempt. It never shows up in a log.'
echo demo-token >"$dir/token"
start roombridged env "DEMO_URL=$url" "DEMO_DIR=$dir" "$build/daemon/service/roombridged" --config "$here/config.yaml"
await 10 'the daemon listens' test -S "$socket"
"${ctl[@]}" wait --for authenticated --timeout 10s >/dev/null || fail 'roombridged did not authenticate'
await 10 'the backend saw it join its rooms' seen backend 'joined room (shop-7|shop-12|admin-general)' 3

caption '3. Is it connected? `roombridgectl status`'
"${ctl[@]}" status | sed 's/^/   /' || fail 'roombridgectl status failed'

caption '4. Two local programs subscribe, each to what it needs' \
  'kitchen:    `roombridgectl tail --topic shop-7`, everything about reservations of shop 7' \
  'front desk: a Python program of 50 lines (tests/demo/front_desk.py), reservations of shop 12 and notifications' \
  'Watch one event go from the backend to whoever asked for it:'
start kitchen "${ctl[@]}" tail --topic shop-7
start 'front desk' env "PYTHONPATH=$source_dir/clients/python" /usr/bin/python3 -B "$here/front_desk.py" "$socket"
await 20 'live events at both subscribers' seen_both reservation_update 3 '^(reservation|notification) ' 3
! seen kitchen '"shopId": ?"12"' || fail 'the kitchen got an event of shop 12, which it did not ask for'

caption '5. A local program sends a reservation upstream: `roombridgectl emit reservation_update … --ack`' \
  'It goes out through the same connection; the backend acknowledges, and tells everyone in the room, the kitchen too.'
now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
"${ctl[@]}" emit reservation_update --ack "[{\"reservationId\":\"2001\",\"status\":\"pending\",\"shopId\":\"7\",\"userId\":\"207\",\
\"updateType\":\"created\",\"timestamp\":\"$now\",\"data\":{\"customer\":\"정하늘\",\"service\":\"Haircut\",\"time\":\"18:00\"}}]" >"$dir/till.log" 2>&1 ||
  { prefixed till <"$dir/till.log"; fail 'the emit failed'; }
prefixed till <"$dir/till.log"
grep -q '"ok": *true' "$dir/till.log" || fail 'the acknowledgement did not come back'
await 5 'the reservation arrived upstream' seen backend 'sent reservation_update .*"2001"'
await 5 'the reservation came to the kitchen' seen kitchen '"2001"'

caption '6. The backend drops the connection' \
  'The local programs keep theirs: they are told the status, and events flow again once roombridged is back, authenticated and in its rooms.'
echo drop >&"$control"
await 5 'the front desk is told of the outage' seen 'front desk' '^status: (offline|connecting)'
await 15 'the front desk is told of the reconnection' seen 'front desk' '^status: authenticated' 2
await 15 'events after the reconnection' alive_again
await 5 'the rooms were joined again' seen backend 'joined room (shop-7|shop-12|admin-general)' 6

if [ -n "$keep" ]; then
  caption 'It runs on until Ctrl-C. In another terminal, try:' \
    "export ROOMBRIDGE_SOCKET=$socket" "$build/clients/ctl/roombridgectl tail" "$build/clients/ctl/roombridgectl status" \
    "echo drop > $dir/control     # another outage"
  stopping=''
  trap 'stopping=yes; echo' INT
  while [ -z "$stopping" ]; do
    all_alive 'Ctrl-C'
    sleep 0.2 || true
  done
  trap 'exit 130' INT
fi

caption '7. roombridged is stopped' \
  'It says goodbye to its subscribers, leaves the backend cleanly and ends. They would go on with the next one.'
end roombridged || fail 'roombridged did not end in time with status 0'
await 5 'its goodbye' seen 'front desk' '^status: disconnected'
await 5 'the end of its connection' seen backend disconnected 2
for name in kitchen 'front desk'; do end "$name" || true; done
end backend || fail 'the backend failed'
wait "${viewers[@]}" || true
viewers=()

caption 'That was roombridge.' 'README.md shows how to install it; a subscriber is ten lines of Python, C++ or shell.'
