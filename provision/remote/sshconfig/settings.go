// Package sshconfig reads the person's SSH configuration: how OpenSSH would connect to a host, with the inventory's word put
// over it. Its errors are failures without the host's name, which whoever dials knows.
package sshconfig

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Query is a host as the person or the inventory names it. What is set here wins over the SSH configuration.
type Query struct {
	Address    string // a name, an alias of the SSH configuration, or an IP address
	Port       int
	User       string
	Identity   string // path of a private key
	KnownHosts string // path of the known_hosts file to use instead of the user's
	File       string // path of the SSH configuration; "": as OpenSSH does, "none": no file
}

// Settings is how to connect to a host.
type Settings struct {
	Alias             string // as the person wrote it
	Hostname          string // as it is dialled
	Port              int
	User              string
	Identities        []string
	Certificates      []string
	IdentitiesOnly    bool
	IdentityAgent     string // path of a socket, "" for none
	ProxyJump         string
	ProxyCommand      string
	UserKnownHosts    []string
	GlobalKnownHosts  []string
	HostKeyAlias      string
	HostKeyAlgorithms Algorithms
	KeyAlgorithms     Algorithms // by which keys sign
	KeyExchanges      Algorithms
	Ciphers           Algorithms
	MACs              Algorithms
	Network           string // tcp, tcp4 or tcp6
	StrictHostKeys    string // yes, ask, accept-new or no
	HashKnownHosts    bool
	PasswordLogin     bool
	PromptLogin       bool
	KeyLogin          bool
	Prompts           int
	ConnectTimeout    time.Duration
	AliveInterval     time.Duration
	AliveCount        int

	identity string // the one that the inventory names
}

// options are the lines of an SSH configuration that hold for one host, by lower-case keyword.
type options map[string][]string

func (o options) first(key string) string {
	if values := o[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// number is a number of no sign; 0 for what is none.
func (o options) number(key string) int {
	n, _ := strconv.ParseUint(o.first(key), 10, 31)
	return int(n)
}

// port is 0 where none is given, and an error for one that there is not.
func (o options) port() (int, error) {
	text := o.first("port")
	if n := o.number("port"); text == "" || n > 0 && n <= 65535 {
		return n, nil
	}
	return 0, provision.Fail("sshconfig.refused", safetext.OneLine("Port "+text, 100))
}

func (o options) seconds(key string) time.Duration {
	return time.Duration(o.number(key)) * time.Second
}

// on reads a switch whose default is given.
func (o options) on(key string, otherwise bool) bool {
	switch strings.ToLower(o.first(key)) {
	case "":
		return otherwise
	case "yes", "true":
		return true
	}
	return false
}

// Read asks OpenSSH, or reads its files where it is not installed, and puts q over the answer.
func Read(ctx context.Context, q Query) (*Settings, error) {
	local := localAccount()
	o, err := lookUp(ctx, q, local)
	if err != nil {
		return nil, err
	}
	port, err := o.port()
	if err != nil {
		return nil, err
	}
	s := &Settings{
		Alias:          q.Address,
		Hostname:       o.first("hostname"),
		Port:           port,
		User:           o.first("user"),
		IdentitiesOnly: o.on("identitiesonly", false),
		ProxyJump:      notNone(o.first("proxyjump")),
		ProxyCommand:   notNone(o.first("proxycommand")),
		HostKeyAlias:   notNone(o.first("hostkeyalias")),
		StrictHostKeys: strings.ToLower(o.first("stricthostkeychecking")),
		HashKnownHosts: o.on("hashknownhosts", false),
		PasswordLogin:  o.on("passwordauthentication", true),
		PromptLogin:    o.on("kbdinteractiveauthentication", true),
		KeyLogin:       o.first("pubkeyauthentication") != "no" && o.first("pubkeyauthentication") != "false",
		Prompts:        o.number("numberofpasswordprompts"),
		ConnectTimeout: o.seconds("connecttimeout"),
		AliveInterval:  o.seconds("serveraliveinterval"),
		AliveCount:     o.number("serveralivecountmax"),
	}
	for wish, keys := range map[*Algorithms][]string{
		&s.HostKeyAlgorithms: {"hostkeyalgorithms"}, &s.KeyAlgorithms: {"pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"},
		&s.KeyExchanges: {"kexalgorithms"}, &s.Ciphers: {"ciphers"}, &s.MACs: {"macs"},
	} {
		for _, key := range keys {
			*wish = Algorithms(cmp.Or(string(*wish), o.first(key)))
		}
	}
	s.Network = map[string]string{"inet": "tcp4", "inet6": "tcp6"}[strings.ToLower(o.first("addressfamily"))]
	s.Network = cmp.Or(s.Network, "tcp")
	return s, s.complete(q, o, local)
}

// UserOf is whom the SSH configuration logs in as at an address; empty where it does not say. file is as in Query.
func UserOf(address, file string) string {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTime)
	defer cancel()
	local, q := localAccount(), Query{Address: address, File: file}
	o, err := lookUp(ctx, q, local)
	if err == nil && o.first("user") == local.name { // which is what ssh -G says where nothing is said, too
		o, err = readFiles(q, local.config())
	}
	if err != nil {
		return ""
	}
	return o.first("user")
}

// complete fills in defaults, the inventory's wishes, and what percent tokens stand for.
func (s *Settings) complete(q Query, o options, local account) error {
	if s.Hostname == "" {
		s.Hostname = q.Address
	}
	if q.Port != 0 {
		s.Port = q.Port
	}
	if s.Port == 0 {
		s.Port = 22
	}
	if q.User != "" {
		s.User = q.User
	}
	if s.User == "" {
		if s.User = local.name; s.User == "" {
			return provision.Fail("sshconfig.no-user")
		}
	}
	if s.Prompts == 0 {
		s.Prompts = 3
	}
	t := s.tokens(local)
	var err error
	if s.ProxyCommand, err = t.shell(s.ProxyCommand); err != nil {
		return err
	}
	if s.ProxyJump, err = expandOnly(s.ProxyJump, t); err != nil {
		return err
	}
	agent := o.first("identityagent")
	switch {
	case agent == "none":
	case agent == "" || agent == "SSH_AUTH_SOCK":
		s.IdentityAgent = os.Getenv("SSH_AUTH_SOCK")
	case strings.HasPrefix(agent, "$") && !strings.Contains(agent, "/"):
		s.IdentityAgent = os.Getenv(strings.Trim(agent, "${}"))
	default:
		sockets, err := t.paths([]string{agent}, local)
		if err != nil {
			return err
		}
		s.IdentityAgent = strings.Join(sockets[:min(len(sockets), 1)], "")
	}
	identities := o["identityfile"]
	if len(identities) == 0 {
		identities = defaultIdentities()
	}
	var errs [4]error
	s.Identities, errs[0] = t.paths(identities, local)
	s.Certificates, errs[1] = t.paths(o["certificatefile"], local)
	if s.UserKnownHosts = local.tilde(q.KnownHosts); q.KnownHosts == "" {
		s.UserKnownHosts, errs[2] = t.hostFiles(o["userknownhostsfile"], local, "~/.ssh/known_hosts", "~/.ssh/known_hosts2")
		s.UserKnownHosts = local.ownFirst(s.UserKnownHosts)
	}
	if q.Identity != "" { // the inventory's paths have no tokens
		named := local.tilde(q.Identity)
		s.identity = strings.Join(named[:min(len(named), 1)], "")
		s.Identities = append(named, s.Identities...)
	}
	s.GlobalKnownHosts, errs[3] = t.hostFiles(o["globalknownhostsfile"], local, "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
	return errors.Join(errs[:]...)
}

// Named reports whether somebody chose an identity file, unlike OpenSSH's defaults: a complaint about it is worth showing.
func (s *Settings) Named(path string) bool {
	switch filepath.Base(path) {
	case "id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa":
		return path == s.identity
	}
	return true
}

func defaultIdentities() []string {
	var paths []string
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"} {
		paths = append(paths, filepath.Join("~", ".ssh", name))
	}
	return paths
}

// notNone reads "none", which switches a wish off, as no wish.
func notNone(value string) string {
	if strings.EqualFold(value, "none") {
		return ""
	}
	return value
}

// splitQuoted splits at blanks as OpenSSH does: double quotes hold a path with blanks together.
func splitQuoted(line string) []string {
	var (
		all    []string
		word   strings.Builder
		quoted bool
		inWord bool
	)
	for _, r := range line {
		switch {
		case r == '"':
			quoted, inWord = !quoted, true
		case (r == ' ' || r == '\t') && !quoted:
			if inWord {
				all = append(all, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		all = append(all, word.String())
	}
	return all
}
