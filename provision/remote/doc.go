// Package remote is one host over SSH: it dials and logs in as OpenSSH would, checks host keys, runs commands and detached
// jobs, opens tunnels and SFTP sessions, and reconnects when the link dies.
//
// Nothing in it prints. Questions go through Config.Ask as decisions, output goes to the writers of a Command, and
// everything else is an error: *DialError where the host could not be reached or refused the login, *LostError where the
// connection died, *ExitError where a command ended badly, *SudoError where sudo refused.
package remote
