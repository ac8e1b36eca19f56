# Writes the settings where a reboot finds them; sshd has them already. Arguments: sshd's configuration, our file, the folder.
own=$2 live=$3
cp -- "$live/provision.conf" "$own.new" && chmod 644 "$own.new" && sync && mv -f -- "$own.new" "$own" && sync && rm -rf -- "$live"
