# Starts a retired container on the candidates' network and on no other: it has left the ones that reach the host's ports when it
# was retired, or leaves them now, while it is down. Arguments: its name, the network, the site, the state folder.
#
# A rollback soon after a release finds it still running, while the stop that the release left behind is waiting for it to end.
# That stop must have ended before the container is started, or it would end what is live by then.
candidate=$1 network=$2 site=$3 state=$4
ensure_network "$network" "$site" || exit 73
on=$(docker inspect --format '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}' "$candidate") || exit
case " $on" in *" $network "*) ;; *) docker network connect "$network" "$candidate" || exit ;; esac
for n in $on; do [ "$n" = "$network" ] || docker network disconnect -f "$n" "$candidate" || exit; done
docker stop -t 1 "$candidate" >/dev/null || exit
await_stop "$state" "$candidate"
docker start "$candidate" >/dev/null || exit
docker inspect "$candidate"
