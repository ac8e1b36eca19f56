// Package transfer makes a tree on a host the same as a tree here.
//
// [Scan] reads the local tree, [HostScript] and [ParseHost] the one on the host in one command, [Compare] tells what
// differs (by content, mode and kind; times decide nothing), and [Apply] sends it: what differs is staged beside the
// site's folder, checked there by its SHA-256, and moved into place by one command that completes or undoes itself.
//
// The host needs a POSIX shell and find, xargs, stat, sha256sum, sort, tar, gzip and base64, as GNU or BusyBox have them.
package transfer
