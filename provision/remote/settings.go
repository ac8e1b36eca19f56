package remote

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// settings is how OpenSSH would connect to a host, with the inventory's word put over it.
type settings struct {
	alias          string // as the person wrote it
	hostname       string // as it is dialled
	port           int
	user           string
	identities     []string
	identity       string // the one that the inventory names
	certificates   []string
	identitiesOnly bool
	identityAgent  string // path of a socket, "" for none
	proxyJump      string
	proxyCommand   string
	userHosts      []string
	globalHosts    []string
	hostKeyAlias   string
	hostKeyAlgos   []string // nil: no wish
	strict         string   // yes, ask, accept-new or no
	hashKnownHosts bool
	passwordLogin  bool
	promptLogin    bool
	keyLogin       bool
	prompts        int
	connectTimeout time.Duration
	aliveInterval  time.Duration
	aliveCount     int
}

// options are the lines of an SSH configuration that hold for one host, by lower-case keyword.
type options map[string][]string

func (o options) first(key string) string {
	if values := o[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (o options) number(key string) int {
	n, _ := strconv.Atoi(o.first(key))
	return n
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

// resolve asks OpenSSH, or reads its files where it is not installed, and puts c over the answer.
func resolve(ctx context.Context, c Config) (*settings, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	o, err := lookUp(ctx, c, home)
	if err != nil {
		return nil, err
	}
	s := &settings{
		alias:          c.Address,
		hostname:       o.first("hostname"),
		port:           o.number("port"),
		user:           o.first("user"),
		identitiesOnly: o.on("identitiesonly", false),
		proxyJump:      notNone(o.first("proxyjump")),
		proxyCommand:   notNone(o.first("proxycommand")),
		hostKeyAlias:   notNone(o.first("hostkeyalias")),
		strict:         strings.ToLower(o.first("stricthostkeychecking")),
		hashKnownHosts: o.on("hashknownhosts", false),
		passwordLogin:  o.on("passwordauthentication", true),
		promptLogin:    o.on("kbdinteractiveauthentication", true),
		keyLogin:       o.first("pubkeyauthentication") != "no" && o.first("pubkeyauthentication") != "false",
		prompts:        o.number("numberofpasswordprompts"),
		connectTimeout: o.seconds("connecttimeout"),
		aliveInterval:  o.seconds("serveraliveinterval"),
		aliveCount:     o.number("serveralivecountmax"),
	}
	if algos := o.first("hostkeyalgorithms"); algos != "" {
		s.hostKeyAlgos = strings.Split(algos, ",")
	}
	return s, s.complete(c, o, home)
}

// complete fills in defaults, the inventory's wishes, and what percent tokens stand for.
func (s *settings) complete(c Config, o options, home string) error {
	if s.hostname == "" {
		s.hostname = c.Address
	}
	if c.Port != 0 {
		s.port = c.Port
	}
	if s.port == 0 {
		s.port = 22
	}
	if c.User != "" {
		s.user = c.User
	}
	if s.user == "" {
		local, err := user.Current()
		if err != nil {
			return err
		}
		s.user = local.Username
	}
	if s.prompts == 0 {
		s.prompts = 3
	}
	t, err := s.tokens(home)
	if err != nil {
		return err
	}
	if s.proxyCommand, err = t.shell(s.proxyCommand); err != nil {
		return err
	}
	if s.proxyJump, err = expandOnly(s.proxyJump, t); err != nil {
		return err
	}
	agent := o.first("identityagent")
	switch {
	case agent == "none":
	case agent == "" || agent == "SSH_AUTH_SOCK":
		s.identityAgent = os.Getenv("SSH_AUTH_SOCK")
	case strings.HasPrefix(agent, "$") && !strings.Contains(agent, "/"):
		s.identityAgent = os.Getenv(strings.Trim(agent, "${}"))
	default:
		if s.identityAgent, err = t.path(agent, home); err != nil {
			return err
		}
	}
	identities := o["identityfile"]
	if len(identities) == 0 {
		identities = defaultIdentities()
	}
	userHosts := fields(o["userknownhostsfile"], "~/.ssh/known_hosts ~/.ssh/known_hosts2")
	globalHosts := fields(o["globalknownhostsfile"], "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
	var errs [4]error
	s.identities, errs[0] = t.paths(identities, home)
	s.certificates, errs[1] = t.paths(o["certificatefile"], home)
	if s.userHosts = []string{tilde(c.KnownHosts, home)}; c.KnownHosts == "" {
		s.userHosts, errs[2] = t.paths(userHosts, home)
	}
	if c.Identity != "" { // the inventory's paths have no tokens
		s.identity = tilde(c.Identity, home)
		s.identities = append([]string{s.identity}, s.identities...)
	}
	s.globalHosts, errs[3] = t.paths(globalHosts, home)
	return errors.Join(errs[:]...)
}

// named reports whether somebody chose an identity file, unlike OpenSSH's defaults: a complaint about it is worth showing.
func (s *settings) named(path string) bool {
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

func fields(values []string, otherwise string) []string {
	if len(values) == 0 {
		return strings.Fields(otherwise)
	}
	var all []string
	for _, value := range values {
		all = append(all, splitQuoted(value)...)
	}
	return all
}

// splitQuoted splits at blanks as OpenSSH does: double quotes hold a path with blanks together.
func splitQuoted(line string) []string {
	var (
		all    []string
		word   strings.Builder
		quoted bool
		begun  bool
	)
	for _, r := range line {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case (r == ' ' || r == '\t') && !quoted:
			if begun {
				all = append(all, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		all = append(all, word.String())
	}
	return all
}
