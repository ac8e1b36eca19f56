how=$1
# Puts standard input in the place of daemon.json and has the engine take it over: restart, reload, or nothing where it does not
# run. An engine that does not come up with it gets the old one back.
f=/etc/docker/daemon.json
umask 022
mkdir -p /etc/docker
cat >$f.provision || exit
if dockerd --help 2>/dev/null | grep -q -e --validate; then
	dockerd --validate --config-file $f.provision >/dev/null || { rm -f $f.provision; exit 1; }
elif [ "$how" = reload ]; then # an engine before 23: another one reads its settings before it finds the first one's pid file
	said=$(timeout 10 dockerd --config-file $f.provision 2>&1)
	case $said in *"pid file found"*) ;; *) rm -f $f.provision; printf '%s\n' "$said" | tail -n 3 >&2; exit 1 ;; esac
fi
rm -f $f.before
[ ! -e $f ] || cp -p $f $f.before
mv $f.provision $f
engine() { if [ -d /run/systemd/system ]; then systemctl "$1" docker; elif [ "$1" = reload ]; then kill -HUP "$(cat /var/run/docker.pid)"; else service docker "$1"; fi; }
answers() { i=0; until docker version >/dev/null 2>&1; do i=$((i + 1)); [ $i -lt 60 ] || return 1; sleep 0.5; done; }
case $how in
restart) engine restart && answers ;;
reload) engine reload ;;
esac && { rm -f $f.before; exit 0; }
tail -n 20 /var/log/docker.log /var/log/dockerd.log 2>/dev/null || journalctl -u docker -n 20 --no-pager 2>/dev/null
if [ -e $f.before ]; then mv $f.before $f; else rm -f $f; fi
engine restart
exit 1
