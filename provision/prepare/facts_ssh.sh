# What sshd is configured to do.
