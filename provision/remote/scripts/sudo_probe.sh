# Tells how a command can be run as root. With -k sudo does not count a password that was given a moment ago: it would be wanted
# again in the middle of the run.
[ "$(id -u)" = 0 ] && { echo root; exit 0; }
command -v sudo >/dev/null 2>&1 || { echo missing; exit 0; }
said=$(sudo -k -n true 2>&1) && { echo free; exit 0; }
printf '%s\n' "$said"
# What may tell a user who has no password to give from one who has no right: the groups, and rules that need no password.
echo "groups $(id -Gn)"
sudo -k -n -l 2>/dev/null || :
