# A host as a cloud hands it over: no engine, until somebody installs one.

# /etc/sandbox/docker: see dockerd.sh.
prepare_engine() {
    if ! iptables -t nat -L -n >/dev/null 2>&1; then
        update-alternatives --set iptables /usr/sbin/iptables-legacy >/dev/null
    fi
    echo 'exec docker "$@"' >/etc/sandbox/docker
}

# As the host's own init would, after a reboot.
start_engine() {
    if [ -x /etc/init.d/docker ]; then service docker start || :; fi
}
