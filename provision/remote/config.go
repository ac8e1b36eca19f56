package remote

import (
	"context"
	"net"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// defaultTimeout bounds dialling and logging in, not counting the time a person takes to answer.
const defaultTimeout = 15 * time.Second

// Config says which host to reach and how. What is set here wins over the SSH configuration.
type Config struct {
	Name       string // the host's name in the inventory, for messages; default: Address
	Address    string // a name, an alias of the SSH configuration, or an IP address
	Port       int    // 0: from the SSH configuration, else 22
	User       string // "": from the SSH configuration, else the local user's name
	Identity   string // path of a private key to try before all others
	KnownHosts string // path of the known_hosts file to use instead of the user's

	// AcceptNewHostKey trusts a host that is not known yet and writes its key to known_hosts. A changed key is refused
	// all the same.
	AcceptNewHostKey bool
	// ReadOnly writes nothing on this machine: no host key is filed, whatever the SSH configuration says.
	ReadOnly bool
	// Ask puts a question to whoever runs the program; nil: nobody can be asked.
	Ask func(ctx context.Context, d provision.Decision) (provision.Answer, error)

	SSHConfig string        // path of the SSH configuration; "": as OpenSSH does, "none": no file
	Timeout   time.Duration // for dialling and logging in; 0: ConnectTimeout of the SSH configuration, else defaultTimeout
	// KeepAlive is how long a silent link is left alone before it is probed. A link that does not answer for twice as
	// long is lost. 0: 3 s, or ServerAliveInterval and ServerAliveCountMax of the SSH configuration where they are stricter.
	KeepAlive time.Duration
	Words     *language.Printer // of the questions; nil: English
	// Resolved is told, before a connection is made, where Address leads by the SSH configuration; nil: nobody asks.
	Resolved func(hostname string)
	// Link is told when the connection was lost and another one is being made, and when there is one again; nil: nobody asks. It
	// must not call the client.
	Link func(up bool)
	// Gate is shared by the connections of a run; nil: as many at a time as may be.
	Gate *Gate
	// Dialer opens the TCP connection to the host, or to the first hop; nil: the system's. Tests and benches measure and
	// disturb the link through it.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = c.Address
	}
	if c.Words == nil {
		c.Words = language.New(language.English)
	}
	if c.Link == nil {
		c.Link = func(bool) {}
	}
	if c.Dialer == nil {
		c.Dialer = (&net.Dialer{}).DialContext
	}
	return c
}

// ask puts a question to the person, where there is one.
func (c Config) ask(ctx context.Context, q provision.Decision) (provision.Answer, error) {
	if c.Ask == nil {
		return provision.Answer{}, &provision.UnansweredError{Decision: q}
	}
	return c.Ask(ctx, q)
}
