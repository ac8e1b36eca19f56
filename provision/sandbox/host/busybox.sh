# A userland of BusyBox's applets and nothing else, but for sshd, sudo and the engine.

change_userland() {
    kept=$(dpkg-query --listfiles busybox-static containerd docker-cli docker.io dropbear-bin fuse-overlayfs fuse3 iptables \
        libpam-modules-bin openssh-client openssh-server podman rootlesskit runc slirp4netns sudo tini tini-static uidmap 2>/dev/null |
        sed -n 's|.*bin/||p')
    # Their links are Debian's alternatives, which are in no package.
    kept=" iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save $(echo $kept) "
    doomed=
    for program in /usr/bin/* /usr/sbin/*; do
        case $kept in *" ${program##*/} "*) ;; *) doomed="$doomed $program" ;; esac
    done
    /usr/bin/busybox rm -f $doomed
    /usr/bin/busybox --install -s /usr/bin 2>/dev/null || :
}
