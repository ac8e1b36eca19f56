# Makes a site's network, where it is missing, and has the router join it. Arguments: the network, the site, its folder, the router.
network=$1 site=$2 directory=$3 router=$4
docker network inspect "$network" >/dev/null 2>&1 ||
	docker network create --label "io.provision.site=$site" --label "io.provision.directory=$directory" "$network" >/dev/null || exit
case " $(docker inspect --format '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}' "$router") " in
*" $network "*) ;;
*) docker network connect "$network" "$router" ;;
esac
