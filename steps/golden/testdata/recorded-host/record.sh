#!/bin/sh
# Records a host on which another version of the program has deployed this site twice.
# Usage: record.sh PROVISION, with the path of that version's program. It needs root and Docker, as every sandbox does.
set -eu
provision=$1
cd "$(dirname "$0")"
work=$(mktemp -d)
trap '"$provision" sandbox down --name recorded >/dev/null; rm -rf "$work"' EXIT
"$provision" sandbox up --name recorded --json >"$work/host"
box=$(jq -r .container "$work/host")
address=$(docker inspect --format '{{.NetworkSettings.Networks.bridge.IPAddress}}' "$box") # where its other ports are in reach, too
on() { docker exec "$box" "$@"; }

# The site has its folder on another machine, and two releases.
cp -R site environment "$work/"
chmod -R u=rwX,go=rX "$work/site"
chmod 755 "$work/site/start.sh"
{
	cat inventory.yaml
	echo 'hosts:'
	sed "s/^[^ ]* /$address /" "$(jq -r .known_hosts "$work/host")" >"$work/known_hosts"
	jq -c "{name, user, identity, known_hosts: \"$work/known_hosts\", address: \"$address\"}" "$work/host" | sed 's/^/  - /'
} >"$work/inventory.yaml"
deploy() { "$provision" -i "$work/inventory.yaml" --yes --json >>"$work/events"; }
sed -i s/second/first/ "$work/site/app/templates/index.html"
deploy
cp site/app/templates/index.html "$work/site/app/templates/"
# What a run has there while it is under way: the lock, and its jobs.
state=/home/kevin/dev/.myweb.provision
docker exec -d "$box" sh -c "mkdir /tmp/run; cd $state; while [ ! -e /tmp/over ]; do
	cp -p lock /tmp/run/ 2>/dev/null; cp -Rp jobs /tmp/run/ 2>/dev/null; sleep 0.1; done"
deploy
on touch /tmp/over
sleep 5 # the first release has stopped
deploy
tail -1 "$work/events" | grep -q '"changed":0'

# Files with their modes, which git does not keep.
rm -rf host run
mkdir host
on tar -C /home/kevin -cf - dev | tar -C host -xf - --no-same-owner
on tar -C /tmp -cf - run | tar -xf - --no-same-owner
(cd host && find . -printf '%m %P\n' | sort -k2) >modes
# What Docker has.
containers=$(on docker ps -aq --no-trunc)
on docker inspect $containers >containers.json
on docker inspect $(on docker images -q --no-trunc --filter label=io.provision.site | sort -u) >images.json
on docker network inspect provision-myweb >networks.json
on python3 -c 'import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/var/run/docker.sock")
s.sendall(b"GET /containers/json?all=1 HTTP/1.0\r\nHost: docker\r\n\r\n")
print(s.makefile().read().split("\n\n", 1)[1])' | jq . >list.json
# Whoever recorded it is nobody's business.
grep -rlZ "@$(hostname)" host run | xargs -0r sed -i "s/$(id -un)@$(hostname)/kevin@laptop/g"
chmod -R u=rwX,go=rX host run
