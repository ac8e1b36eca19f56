for p in docker.io docker-ce moby-engine docker docker-engine; do
	if have dpkg-query; then [ "$(dpkg-query -W -f '${db:Status-Status}' $p 2>/dev/null)" = installed ]; else rpm -q $p >/dev/null 2>&1; fi && echo "docker.package $p" && break
done
have dockerd && echo "docker.engine $(command -v dockerd)"
have podman && echo "docker.podman"
if have systemctl && [ -d /run/systemd/system ]; then
	systemctl -q is-enabled docker 2>/dev/null && echo "docker.enabled"
else
	[ -z "$(ls /etc/rc?.d/S*docker 2>/dev/null)" ] || echo "docker.enabled"
fi
if have docker && v=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
	echo "docker.version $v"
	echo "docker.running $(docker ps -q 2>/dev/null | wc -l)"
	[ "$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null)" != active ] || echo "docker.swarm"
	if docker buildx version >/dev/null 2>&1; then echo "docker.buildx"; elif have apt-cache; then
		apt-cache policy docker-buildx docker-buildx-plugin 2>/dev/null | sed -n 's/^\(docker[^:]*\):$/docker.candidate \1/p; s/^ *Candidate: /docker.version-of /p'
	fi
	for i in $images; do docker image inspect "$i" >/dev/null 2>&1 && echo "docker.image $i"; done
fi
[ -e /etc/docker/daemon.json ] && echo "docker.daemon-file" && {
	if [ -r /etc/docker/daemon.json ]; then prefix docker.daemon /etc/docker/daemon.json; else echo "docker.daemon-closed"; fi
	for p in /run/docker.pid /var/run/docker.pid; do
		[ -e $p ] && [ "$(find /etc/docker/daemon.json -newer $p)" ] && echo "docker.stale" && break
	done
}
prefix docker.repository /etc/apt/sources.list.d/docker.list
prefix docker.repository /etc/yum.repos.d/docker-ce.repo
:
