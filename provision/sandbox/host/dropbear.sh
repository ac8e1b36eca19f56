# Dropbear instead of OpenSSH's sshd, as small systems have it, with OpenSSH's sftp-server beside it.

start_login() {
    mkdir -p /etc/dropbear
    key=/etc/dropbear/sandbox_host_key
    [ -e $key ] || dropbearconvert openssh dropbear /etc/ssh/ssh_host_ed25519_key $key >/dev/null
    dropbear -F -E -s -w -r $key &
}
