# A host as a cloud hands it over: no engine, until somebody installs one.

# /etc/sandbox/docker: see dockerd.sh.
prepare_engine() {
    if ! iptables -t nat -L -n >/dev/null 2>&1; then
        update-alternatives --set iptables /usr/sbin/iptables-legacy >/dev/null
    fi
    echo 'exec docker "$@"' >/etc/sandbox/docker
    # Where Debian's init script would fail in a container: it raises limits, and mounts control groups that are there.
    echo 'ulimit() { command ulimit "$@" 2>/dev/null || :; }' >/etc/default/docker
    echo 'cgroup /sys/fs/cgroup none noauto 0 0' >>/etc/fstab
}

# As the host's own init would, after a reboot.
start_engine() {
    if [ -x /etc/init.d/docker ]; then service docker start || :; fi
}
