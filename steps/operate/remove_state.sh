# Removes what the state folder holds, but for the lock that this run has.
state=$1
cd "$state" || exit
for f in * .[!.]*; do
  case $f in lock | lock.*) ;; *) rm -rf -- "$f" || exit ;; esac
done
