# Says by a mark that a shell runs here, then the first line of the login shell's start-up files that has a pattern, as FILE:LINE:TEXT.
# Arguments: the mark, the pattern.
printf '\n%s\n' "$1"
case ${SHELL##*/} in
zsh) set -- "$1" "$2" ~/.zshenv /etc/zshenv /etc/zsh/zshenv ;;
fish) set -- "$1" "$2" ~/.config/fish/config.fish ~/.config/fish/conf.d/*.fish /etc/fish/config.fish ;;
csh | tcsh) set -- "$1" "$2" ~/.tcshrc ~/.cshrc /etc/csh.cshrc ;;
*) set -- "$1" "$2" ~/.bashrc /etc/bash.bashrc /etc/bashrc ;;
esac
p=$2
shift 2
for f; do
	[ -f "$f" ] || continue
	l=$(grep -nE -- "$p" "$f" 2>/dev/null | grep -v '^[0-9]*:[[:blank:]]*#' | head -n 1)
	[ -z "$l" ] || { printf '%s:%s\n' "$f" "$l"; break; }
done
