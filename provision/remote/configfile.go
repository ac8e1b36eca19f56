package remote

import (
	"os"
	"strings"

	"github.com/kevinburke/ssh_config"
)

// keywords are the options that this package understands. Those that add up over several blocks are marked.
func keywords() map[string]bool {
	return map[string]bool{
		"HostName": false, "User": false, "Port": false, "IdentityFile": true, "IdentitiesOnly": false,
		"IdentityAgent": false, "CertificateFile": true, "ProxyJump": false, "ProxyCommand": false,
		"UserKnownHostsFile": false, "GlobalKnownHostsFile": false, "StrictHostKeyChecking": false,
		"HostKeyAlgorithms": false, "HostKeyAlias": false, "ConnectTimeout": false, "ServerAliveInterval": false,
		"ServerAliveCountMax": false, "HashKnownHosts": false, "PasswordAuthentication": false,
		"KbdInteractiveAuthentication": false, "PubkeyAuthentication": false, "NumberOfPasswordPrompts": false,
	}
}

// readFile adds what the file at path says of the host to o. As in OpenSSH the first word on a keyword holds.
func readFile(o options, path, host string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := ssh_config.DecodeBytes(text)
	if err != nil {
		return err
	}
	for keyword, adds := range keywords() {
		key := strings.ToLower(keyword)
		values, err := file.GetAll(host, keyword)
		if err != nil {
			return err
		}
		switch {
		case len(values) == 0:
		case adds:
			o[key] = append(o[key], values...)
		case len(o[key]) == 0:
			o[key] = values[:1]
		}
	}
	return nil
}
