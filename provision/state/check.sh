unsafe "$@"
