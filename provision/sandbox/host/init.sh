#!/bin/sh
# What a sandbox host runs at every start, below tini: an SSH server and an engine.
# Neither is restarted when it dies: a test that kills one wants it dead.
# /etc/sandbox/engine defines prepare_engine and start_engine; /etc/sandbox/system may replace the two functions below.
set -eu
export LC_ALL=C

# change_userland is for the first start; from then on the userland is what it left.
change_userland() { :; }
start_login() {
    mkdir -p /run/sshd
    /usr/sbin/sshd -D -e &
}
. /etc/sandbox/engine
. /etc/sandbox/system

# A container gets its control groups read-only. The Docker Engine in here
# makes some of its own below them, and they go when the host goes.
mount -o remount,bind,rw /sys/fs/cgroup
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    # Version 2 lets only a group without processes hand out controllers.
    mkdir -p /sys/fs/cgroup/init
    while read -r pid; do
        echo "$pid" >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || :
    done </sys/fs/cgroup/cgroup.procs
    sed -e 's/ / +/g' -e 's/^/+/' /sys/fs/cgroup/cgroup.controllers \
        >/sys/fs/cgroup/cgroup.subtree_control
else
    for group in /sys/fs/cgroup/*; do
        if mountpoint -q "$group"; then mount -o remount,bind,rw "$group"; fi
    done
fi
[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229

# First start only: the user who is let in, and host keys that no other host has.
user=$SANDBOX_USER
if [ ! -e /etc/sandbox/started ]; then
    : >/etc/sandbox/started
    home=/root
    if [ "$user" != root ]; then
        useradd --create-home --shell "$SANDBOX_SHELL" "$user"
        home=/home/$user
    fi
    echo "$user:kevin-sandbox" | chpasswd
    install -d -m 700 -o "$user" -g "$user" "$home/.ssh"
    install -m 600 -o "$user" -g "$user" /etc/sandbox/authorized_keys "$home/.ssh/authorized_keys"
    if [ -s /etc/sandbox/bashrc ]; then install -m 644 -o "$user" -g "$user" /etc/sandbox/bashrc "$home/.bashrc"; fi
    ssh-keygen -A >/dev/null
    prepare_engine
    change_userland
fi

if [ $$ = 1 ]; then exec /sbin/init; fi # systemd starts both
start_login
start_engine

# The engine stops its containers and closes its files before the host goes down.
shut_down() {
    trap - TERM INT
    kill $(pidof sshd dropbear dockerd) || :
    while pidof dockerd >/dev/null; do sleep 0.1; done
    exit 0
}
trap shut_down TERM INT
while :; do
    sleep 1000 &
    wait $!
done
