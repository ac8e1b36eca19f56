# The firewalls that are active.
