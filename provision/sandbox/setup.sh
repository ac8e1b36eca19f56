#!/bin/sh
# Makes a Debian machine ready for the sandbox: setup.sh [start [PACKAGE...]|stop]
#
#   start  installs what is missing (docker.io, mmdebstrap, and the packages
#          named) and starts the Docker Engine if none answers. An engine that
#          runs is left alone.
#   stop   ends the engine that start started, and no other.
#
# Needs root, and Debian's packages if anything is missing.
set -eu

state=${PROVISION_SETUP_STATE:-/run/provision-setup}
pid_file=$state/dockerd.pid
log_file=$state/dockerd.log
systemd_mark=$state/systemd

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup.sh: $*"; exit 1; }

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# ours tells whether the process that start recorded is still that engine. Where
# process 1 reaps nothing, an engine that ended stays behind as a zombie.
ours() {
    [ -s "$pid_file" ] || return 1
    pid=$(cat "$pid_file")
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 1
    ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

install_missing() {
    missing=
    for pair in docker:docker.io dockerd:docker.io mmdebstrap:mmdebstrap tar:tar; do
        command -v "${pair%%:*}" >/dev/null 2>&1 && continue
        # Another engine's client is enough where that engine answers.
        if [ "${pair%%:*}" = dockerd ] && engine_answers; then continue; fi
        case " $missing " in *" ${pair#*:} "*) ;; *) missing="$missing ${pair#*:}" ;; esac
    done
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || fail "cannot install$missing without root; run it as root, or: sudo apt-get install --yes$missing"
    command -v apt-get >/dev/null 2>&1 || fail "cannot install$missing: this machine has no apt-get; install them and run it again"
    say "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2 || fail "apt-get update failed: is a Debian mirror reachable?"
    # shellcheck disable=SC2086 # one word a package
    apt-get install -q --yes --no-install-recommends ca-certificates iptables $missing >&2 ||
        fail "apt-get could not install$missing; its output above says why"
}

# wait_for_engine waits until the engine answers, at most 60 seconds. $1 is a
# command that fails as soon as waiting is of no use.
wait_for_engine() {
    tries=0
    until engine_answers; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ] || ! "$1"; then return 1; fi
        sleep 0.2
    done
}

started_by_systemd() { [ "$(systemctl is-active docker 2>/dev/null)" != failed ]; }

start_with_systemd() {
    say "starting the Docker Engine with systemd"
    systemctl start docker || fail "systemctl could not start docker; journalctl -u docker says why"
    mkdir -p "$state"
    : >"$systemd_mark"
    wait_for_engine started_by_systemd || fail "the Docker Engine does not answer; journalctl -u docker says why"
}

start_by_hand() {
    # Containers need control groups; systemd, which is not here, mounts them elsewhere.
    if ! grep -q ' /sys/fs/cgroup' /proc/mounts; then
        mount -t cgroup2 cgroup2 /sys/fs/cgroup || fail "cannot mount control groups at /sys/fs/cgroup, which containers need"
    fi
    mkdir -p "$state"
    say "starting the Docker Engine; its log is $log_file"
    # A session of its own, so that an interrupt at the terminal does not end it.
    setsid dockerd >"$log_file" 2>&1 </dev/null &
    echo $! >"$pid_file"
    if ! wait_for_engine ours; then
        tail -n 5 "$log_file" >&2
        fail "the Docker Engine does not answer; the end of $log_file is above"
    fi
}

start() {
    install_missing "$@"
    if engine_answers; then
        say "a Docker Engine is running: left as it is"
        return
    fi
    [ "$(id -u)" = 0 ] || fail "no Docker Engine answers and only root can start one; run it as root, or add this user to the group docker"
    if [ -d /run/systemd/system ]; then start_with_systemd; else start_by_hand; fi
}

stop() {
    if [ -e "$systemd_mark" ]; then
        say "stopping the Docker Engine that setup.sh started with systemd"
        systemctl stop docker.socket docker || fail "systemctl could not stop docker"
        rm -f "$systemd_mark"
        return
    fi
    if ! ours; then
        rm -f "$pid_file"
        say "no Docker Engine of setup.sh's is running"
        return
    fi
    say "stopping the Docker Engine that setup.sh started"
    kill -TERM "$pid"
    tries=0
    while ours; do
        tries=$((tries + 1))
        [ $tries -le 150 ] || fail "the Docker Engine (process $pid) did not stop in 30 seconds"
        sleep 0.2
    done
    rm -f "$pid_file"
}

action=${1:-start}
[ $# -eq 0 ] || shift
case $action in
start) start "$@" ;;
stop) stop ;;
*) fail "unknown command $action: use start or stop" ;;
esac
