user=$1 packages=$2 images=$3
# Prints facts as NAME VALUE, one a line; the files behind this one go on with it. LC_ALL is C.
# prefix NAME FILE: the lines of a file, each behind the name.
prefix() { [ ! -r "$2" ] || sed "s/^/$1 /" "$2" 2>/dev/null | head -n 2000; }
have() { command -v "$1" >/dev/null 2>&1; }
uid=$(id -u)
echo "uid $uid"
echo "user $(id -un)"
echo "groups $(id -Gn)"
[ "$uid" != 0 ] && have sudo && {
	if sudo -n true 2>/dev/null; then echo "sudo free"; else case " $(id -Gn) " in *' sudo '* | *' wheel '* | *' admin '*) echo "sudo password" ;; esac; fi
}
