optional=$2
# Installs packages by dnf: the seconds to wait for a lock are dnf's own affair, packages that are installed where they can be had,
# then the packages.
shift 2
[ $# -gt 0 ] || exit 0
echo "+ dnf install $*"
dnf -y --setopt=install_weak_deps=False --setopt=timeout=20 --setopt=retries=2 install "$@" || exit
for p in $optional; do
	dnf -y -q --setopt=timeout=20 install "$p" || echo "there is no package $p"
done
