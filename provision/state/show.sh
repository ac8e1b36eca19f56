# Prints how often the lock was taken, then the host's time and the lock where there is one.
cd "$1" 2>/dev/null || exit 0
turn=
[ ! -f turn ] || read -r turn <turn
number "$turn"
echo "$n"
if odd; then date +%s && echo odd; elif [ -f lock ]; then show; fi
