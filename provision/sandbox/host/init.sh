#!/bin/sh
# What a sandbox host runs at every start, below tini: sshd and dockerd.
# Neither is restarted when it dies: a test that kills one wants it dead.
set -eu
export LC_ALL=C

# A container gets its control groups read-only. The Docker Engine in here
# makes some of its own below them, and they go when the host goes.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mount -o remount,bind,rw /sys/fs/cgroup
    # Version 2 lets only a group without processes hand out controllers.
    mkdir -p /sys/fs/cgroup/init
    while read -r pid; do
        echo "$pid" >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || :
    done </sys/fs/cgroup/cgroup.procs
    sed -e 's/ / +/g' -e 's/^/+/' /sys/fs/cgroup/cgroup.controllers \
        >/sys/fs/cgroup/cgroup.subtree_control
else
    mount -o remount,bind,rw /sys/fs/cgroup
    for group in /sys/fs/cgroup/*; do
        if mountpoint -q "$group"; then mount -o remount,bind,rw "$group"; fi
    done
fi
[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229

# First start only: the user, and host keys that no other host has.
if ! id kevin >/dev/null 2>&1; then
    useradd --create-home --shell "$SANDBOX_SHELL" kevin
    echo kevin:kevin-sandbox | chpasswd
    install -d -m 700 -o kevin -g kevin /home/kevin/.ssh
    install -m 600 -o kevin -g kevin /etc/sandbox/authorized_keys /home/kevin/.ssh/authorized_keys
    if [ "$SANDBOX_DOCKER_GROUP" = yes ]; then usermod -aG docker kevin; fi
fi
ssh-keygen -A >/dev/null
mkdir -p /run/sshd

# overlay2 where the kernel mounts an overlay on the volume, else the next best.
storage_driver() {
    probe=/var/lib/docker/.probe
    mkdir -p $probe/lower $probe/upper $probe/work $probe/merged
    if mount -t overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" \
        none $probe/merged 2>/dev/null; then
        umount $probe/merged
        echo overlay2
    elif fuse-overlayfs -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" \
        $probe/merged 2>/dev/null; then
        umount $probe/merged
        echo fuse-overlayfs
    else
        echo vfs
    fi
    rm -rf $probe
}

# Kernels without nf_tables still have the older tables.
if ! iptables -t nat -L -n >/dev/null 2>&1; then
    update-alternatives --set iptables /usr/sbin/iptables-legacy >/dev/null
fi

/usr/sbin/sshd -D -e &
dockerd --storage-driver "$(storage_driver)" \
    --mtu "$(cat /sys/class/net/eth0/mtu)" >>/var/log/dockerd.log 2>&1 &

# The engine stops its containers and closes its files before the host goes down.
shut_down() {
    trap - TERM INT
    pkill -TERM -x sshd || :
    pkill -TERM -x dockerd || :
    while pgrep -x dockerd >/dev/null; do sleep 0.1; done
    exit 0
}
trap shut_down TERM INT
while :; do
    sleep infinity &
    wait $!
done
