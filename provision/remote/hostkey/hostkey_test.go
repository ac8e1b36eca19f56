package hostkey_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote/hostkey"
	"github.com/kehuo/provision/provision/remote/sshconfig"
)

func newKey(t *testing.T) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A key is taken, asked about, filed or refused by what known_hosts has of the host.
func TestCheck(t *testing.T) {
	key, other := newKey(t), newKey(t)
	line := func(name string, key ssh.PublicKey) string { return name + " " + string(ssh.MarshalAuthorizedKey(key)) }
	for name, c := range map[string]struct {
		file, strict, answer string
		want                 string // the code of the refusal
		filed                bool
	}{
		"on file":                     {file: line("[web]:2222", key)},
		"on file without its port":    {file: line("web", key)},
		"changed":                     {file: line("[web]:2222", other), answer: provision.AnswerYes, want: "connect.host-key-changed"},
		"revoked":                     {file: line("@revoked *", key), answer: provision.AnswerYes, want: "hostkey.revoked"},
		"unknown, nobody there":       {want: "connect.host-key-unknown"},
		"unknown, declined":           {answer: provision.AnswerNo, want: "connect.host-key-declined"},
		"unknown, accepted":           {answer: provision.AnswerYes, filed: true},
		"unknown, accept-new":         {strict: "accept-new", filed: true},
		"unknown, StrictHostKey… yes": {strict: "yes", answer: provision.AnswerYes, want: "connect.host-key-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			checker, failure := hostkey.New(hostkey.Config{Name: "web", Target: "kevin@web:2222", Words: language.Keys(),
				Settings: &sshconfig.Settings{Hostname: "web", Port: 2222, UserKnownHosts: []string{path}, StrictHostKeys: c.strict},
				Ask: func(_ context.Context, d provision.Decision) (provision.Answer, error) {
					if c.answer == "" {
						return provision.Answer{}, &provision.UnansweredError{Decision: d}
					}
					return provision.Answer{Choice: c.answer}, nil
				}})
			if failure != nil {
				t.Fatal(failure)
			}
			err := checker.Check(t.Context(), &net.TCPAddr{IP: net.IPv4zero}, key)
			if provision.CodeOf(err) != c.want || (checker.Refusal() != nil) != (c.want != "") {
				t.Errorf("got %v", err)
			}
			text, err := os.ReadFile(path)
			if filed := strings.Contains(string(text), line("[web]:2222", key)); err != nil || filed != (c.filed || name == "on file") {
				t.Errorf("the file has %q, %v", text, err)
			}
			if c.want == "" {
				if err := checker.Check(t.Context(), &net.TCPAddr{IP: net.IPv4zero}, key); err != nil {
					t.Errorf("when the session keys are renewed: %v", err)
				}
			}
		})
	}
}
