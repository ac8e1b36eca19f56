# Docker Engine as root, as Debian's package runs it.

# /etc/sandbox/docker runs a command of the engine's from outside the host, as whoever the engine belongs to.
prepare_engine() {
    if [ "$SANDBOX_DOCKER_GROUP" = yes ]; then usermod -aG docker kevin; fi
    # Kernels without nf_tables still have the older tables.
    if ! iptables -t nat -L -n >/dev/null 2>&1; then
        update-alternatives --set iptables /usr/sbin/iptables-legacy >/dev/null
    fi
    echo 'exec docker "$@"' >/etc/sandbox/docker
}

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

start_engine() {
    dockerd --storage-driver "$(storage_driver)" \
        --mtu "$(cat /sys/class/net/eth0/mtu)" >>/var/log/dockerd.log 2>&1 &
}
