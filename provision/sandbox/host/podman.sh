# podman in docker's clothes: Debian's podman-docker, and no engine that would have to run. The containers are kevin's own.

# /etc/sandbox/docker: see dockerd.sh.
prepare_engine() {
    # Version 1 of control groups, where this machine has it, is nothing of the host that is played.
    echo PODMAN_IGNORE_CGROUPSV1_WARNING=1 >>/etc/environment
    echo kevin:100000:65536 | tee /etc/subuid >/etc/subgid
    echo 'exec su -s /bin/sh -c '\''cd && exec docker "$@"'\'' -- kevin docker "$@"' >/etc/sandbox/docker
}

start_engine() {
    echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start
    mkdir -p /dev/net
    [ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
    mkdir -p -m 700 /run/user/1000
    chown kevin:kevin /run/user/1000
}
