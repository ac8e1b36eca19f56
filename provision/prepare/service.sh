action=$1
# Starts services now and, with systemd, with the host: enable, restart or reload, then their names.
shift
for s; do
	if [ -d /run/systemd/system ]; then
		case $action in
		enable) systemctl enable --now "$s" ;;
		*) systemctl "$action" "$s" ;;
		esac
	elif [ "$action" = enable ]; then
		service "$s" status >/dev/null 2>&1 || service "$s" start
	else
		service "$s" "$action"
	fi || exit
done
