# Prints how busy the machine is, one value a line, as pulse reads them, and the disk that a folder lies on. df is the only fork.
read -r line </proc/stat && echo "$line"
read -r up rest </proc/uptime && echo "up $up"
read -r load rest </proc/loadavg && echo "load $load"
while read -r name value unit; do
	case $name in
	MemTotal:) echo "memory $value" ;;
	MemAvailable:) echo "free $value" && break ;;
	esac
done </proc/meminfo
df -Pk "$1" 2>/dev/null || df -Pk /
