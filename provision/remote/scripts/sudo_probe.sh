# Tells how a command can be run as root. With -k sudo does not count a password that was given a moment ago: it would be wanted
# again in the middle of the run.
[ "$(id -u)" = 0 ] && { echo root; exit 0; }
command -v sudo >/dev/null 2>&1 || { echo missing; exit 0; }
said=$(sudo -k -n true 2>&1) && { echo free; exit 0; }
printf '%s\n' "$said"
