# Prints how much is free on the disk that a folder lies on, in KiB, and how much of it is used, in percent.
set -- $(df -Pk "$1" | tail -n 1)
echo "$4 ${5%\%}"
