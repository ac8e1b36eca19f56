# Starts what is missing of the edge, or down. Arguments: of each container its name, and the command that runs it as quoted words.
# Status 74 tells that somebody else's container has a name.
while [ $# -gt 0 ]; do
	name=$1 run=$2
	shift 2
	case $(docker inspect --type container --format '{{.State.Running}} {{index .Config.Labels "io.provision.edge"}}' "$name" 2>/dev/null) in
	"true $name") ;;
	"false $name") docker start "$name" >/dev/null || exit ;;
	'')
		# A run that fails leaves a container behind that has the name.
		eval "$run" >/dev/null || { code=$?; docker rm -f "$name" >/dev/null 2>&1; exit $code; }
		;;
	*) exit 74 ;;
	esac
done
