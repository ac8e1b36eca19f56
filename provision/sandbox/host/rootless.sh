# Docker Engine of kevin's own, as dockerd-rootless-setuptool.sh sets it up where there is no systemd.

socket=unix:///run/user/1000/docker.sock

# /etc/sandbox/docker: see dockerd.sh.
prepare_engine() {
    echo kevin:100000:65536 | tee /etc/subuid >/etc/subgid
    echo "DOCKER_HOST=$socket exec docker \"\$@\"" >/etc/sandbox/docker
    su kevin -s /bin/sh -c "docker context create rootless --docker host=$socket && docker context use rootless" >/dev/null
}

start_engine() {
    # What the manual asks for: the ports of a site are below 1024.
    echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start
    mkdir -p /dev/net
    [ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
    mkdir -p -m 700 /run/user/1000
    chown kevin:kevin /run/user/1000
    su kevin -s /bin/sh -c 'XDG_RUNTIME_DIR=/run/user/1000 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        exec /usr/share/docker.io/contrib/dockerd-rootless.sh' >>/var/log/dockerd.log 2>&1 &
}
