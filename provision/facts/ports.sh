ss -ltnpH 2>/dev/null || netstat -ltn 2>/dev/null || :
