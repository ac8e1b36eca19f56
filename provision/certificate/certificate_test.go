package certificate

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate/acmetest"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// web answers challenges as the site would.
type web struct {
	mu      sync.Mutex
	answers map[string]string
	asked   []string
}

func (w *web) Present(_ context.Context, _, token, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[token] = text
	return nil
}

func (w *web) CleanUp(_ context.Context, _, token, _ string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.answers, token)
	return nil
}

func (w *web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, r.UserAgent())
	text, ok := w.answers[strings.TrimPrefix(r.URL.Path, Path)]
	if !ok {
		out.WriteHeader(http.StatusNotFound)
	}
	_, _ = out.Write([]byte(text))
}

// newWeb listens on port 80 of an address of loopback's.
func newWeb(t *testing.T, address string) *web {
	t.Helper()
	w := &web{answers: map[string]string{}}
	listener, err := net.Listen("tcp", address+":80")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return w
}

func keeper(t *testing.T, ca *acmetest.CA, domain string, names ...string) *Keeper {
	t.Helper()
	k, err := New(inventory.Site{Domain: domain, Certificate: inventory.CertificateACME, ACME: inventory.ACME{
		Email: "me@example.com", Challenge: inventory.ChallengeHTTP, Directory: ca.Directory, CAFile: ca.File, Names: names,
		DNS: inventory.DNS{Resolvers: []string{ca.Resolver}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func silent(string, ...any) {}

// worded makes sure that a failure has words in each language.
func worded(t *testing.T, err error) {
	t.Helper()
	for _, tag := range language.Tags() {
		if text := language.New(tag).Error(err); strings.Contains(text, "%!") || strings.Contains(text, provision.CodeOf(err)) {
			t.Errorf("%s: %s", tag, text)
		}
	}
}

func wantFailure(t *testing.T, err error, code string) {
	t.Helper()
	if provision.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
	if err != nil {
		worded(t, err)
	}
}

// The whole life of a certificate, with the real protocol.
func TestACertificate(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	const address = "127.0.77.1"
	ca, site := acmetest.Start(t, 80), newWeb(t, address)
	names := []string{"example.com", "www.example.com"}
	for _, name := range append(names, "api.example.com", acmetest.Refused) {
		ca.Lead(name, address)
	}
	k := keeper(t, ca, names[0], names[1])
	if pair, err := k.Load(); err != nil || pair.Leaf != nil {
		t.Fatalf("there is a certificate before any was ordered: %v, %v", pair.Leaf, err)
	}
	pair, err := k.Obtain(t.Context(), site, Pair{}, silent)
	if err != nil {
		t.Fatal(err)
	}
	if !pair.Covers(names) || len(site.answers) > 0 {
		t.Errorf("the certificate is for %v; %d answers are left", pair.Leaf.DNSNames, len(site.answers))
	}
	if !strings.Contains(site.asked[0], "Go-http-client") || !slices.ContainsFunc(site.asked, func(agent string) bool { return strings.Contains(agent, "Pebble") }) {
		t.Errorf("asked by %q: first our own answer must be asked for, then the CA's", site.asked)
	}
	err = filepath.WalkDir(os.Getenv("XDG_DATA_HOME"), func(name string, entry os.DirEntry, err error) error {
		if info, infoErr := entry.Info(); err == nil && infoErr == nil && name != os.Getenv("XDG_DATA_HOME") && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	again, err := keeper(t, ca, names[0], names[1]).Load()
	if err != nil || again.Fingerprint() != pair.Fingerprint() || again.Key.Reveal() != pair.Key.Reveal() {
		t.Errorf("kept %v, %v", again.Leaf, err)
	}

	t.Run("the CA's window", func(t *testing.T) {
		now := time.Now()
		window := k.Window(t.Context(), pair, now)
		if window.Start.IsZero() || !window.End.After(now) {
			t.Errorf("the window is %v", window)
		}
		start := now.Add(-2 * time.Hour)
		ca.SetWindow(pair.Chain, start, start.Add(time.Hour))
		if got := k.Window(t.Context(), pair, now); got != window {
			t.Errorf("the CA is asked again at once: %v", got)
		}
		late := now.Add(25 * time.Hour)
		if got := k.Window(t.Context(), pair, late); !got.Start.Equal(start) || !RenewAt(pair.Leaf, got).Before(now) {
			t.Errorf("the window is %v", got)
		}
	})
	t.Run("renewed, and revoked", func(t *testing.T) {
		renewed, err := k.Obtain(t.Context(), site, pair, silent)
		if err != nil || renewed.Fingerprint() == pair.Fingerprint() {
			t.Fatalf("%v, %v", renewed.Leaf, err)
		}
		alone := renewed
		alone.Chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: renewed.Leaf.Raw})
		for name, c := range map[string]struct {
			pair, before Pair
			names        []string
			want         bool
		}{
			"the first":         {renewed, Pair{}, names, true},
			"newer":             {renewed, agedBy(pair, -time.Hour), names, true},
			"older":             {pair, agedBy(renewed, time.Hour), names, false},
			"other names":       {renewed, Pair{}, names[:1], false},
			"without an issuer": {alone, Pair{}, names, false},
			"none":              {Pair{}, Pair{}, names, false},
		} {
			if got := c.pair.Follows(c.before, c.names, time.Now()); got != c.want {
				t.Errorf("%s: a pair of a host is taken over: %v", name, got)
			}
		}
		if err := k.Revoke(t.Context(), renewed); err != nil || !ca.IsRevoked(renewed.Leaf) || ca.IsRevoked(pair.Leaf) {
			t.Errorf("revoked: %v, %v", ca.IsRevoked(renewed.Leaf), err)
		}
		if left, err := k.Load(); err != nil || left.Leaf != nil {
			t.Errorf("a revoked certificate is kept: %v", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		_, err := keeper(t, ca, acmetest.Refused).Obtain(t.Context(), site, Pair{}, silent)
		wantFailure(t, err, "acme.rejected")
	})
	t.Run("no order is wasted", func(t *testing.T) {
		ca.Lead("closed.example.com", "127.0.77.2")
		ca.Lead("second.example.com", address, "127.0.77.3")
		other := newWeb(t, "127.0.77.3")
		for name, code := range map[string]string{
			"nowhere.example.com": "acme.no-address", "closed.example.com": "acme.port-closed", "second.example.com": "acme.elsewhere",
		} {
			k := keeper(t, ca, name)
			err := k.reach(t.Context(), name, "token", "text")
			if name == "second.example.com" {
				_ = site.Present(t.Context(), name, "token", "text")
				err = k.reach(t.Context(), name, "token", "text")
			}
			wantFailure(t, err, code)
		}
		listener, err := net.Listen("tcp", "127.0.77.4:80")
		if err != nil {
			t.Fatal(err)
		}
		cloud := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "Beaver")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<title>Non-compliance ICP Filing</title>"))
		})}
		go func() { _ = cloud.Serve(listener) }()
		defer func() { _ = cloud.Close() }()
		ca.Lead("unfiled.example.com", "127.0.77.4")
		wantFailure(t, keeper(t, ca, "unfiled.example.com").reach(t.Context(), "unfiled.example.com", "token", "text"), "acme.filing")
		if slices.ContainsFunc(other.asked, func(agent string) bool { return strings.Contains(agent, "Pebble") }) {
			t.Error("the CA was asked to look where another site answers")
		}
	})
	t.Run("two runs at a time", func(t *testing.T) {
		k := keeper(t, ca, "api.example.com")
		unlock, err := k.lock()
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.Obtain(t.Context(), site, Pair{}, silent)
		wantFailure(t, err, "acme.busy")
		unlock()
		if _, err := k.Obtain(t.Context(), site, Pair{}, silent); err != nil {
			t.Error(err)
		}
	})
	t.Run("no CA", func(t *testing.T) {
		k := keeper(t, ca, "api.example.com")
		k.caFile = ""
		_, err := k.Obtain(t.Context(), site, Pair{}, silent)
		wantFailure(t, err, "acme.untrusted")
		k.directory = "https://127.0.77.9:1/dir"
		_, err = k.Obtain(t.Context(), site, Pair{}, silent)
		wantFailure(t, err, "acme.unreached")
	})
	t.Run("an account that the CA does not know", func(t *testing.T) {
		other := acmetest.Start(t, 80)
		other.Lead("api.example.com", address)
		k, from := keeper(t, other, "api.example.com"), keeper(t, ca, "api.example.com")
		folder := k.folder("accounts", k.directory+"\n"+k.email)
		err := os.MkdirAll(folder, 0o700)
		if err == nil {
			err = os.Link(filepath.Join(from.folder("accounts", from.directory+"\n"+from.email), "account.key"), filepath.Join(folder, "account.key"))
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Obtain(t.Context(), site, Pair{}, silent); err != nil {
			t.Errorf("it is not registered again: %v", err)
		}
	})
	t.Run("by DNS", func(t *testing.T) { byDNS(t, ca) })
	t.Run("by a program", func(t *testing.T) { byProgram(t, ca) })
	t.Run("by a web service", func(t *testing.T) { byService(t, ca) })
}

// byDNS obtains a certificate for all names of a zone, and the zone itself, through Alibaba's DNS.
func byDNS(t *testing.T, ca *acmetest.CA) {
	api := newFakeAliDNS(t, ca)
	credentials := filepath.Join(t.TempDir(), "dns.env")
	content := "ALIBABA_CLOUD_ACCESS_KEY_ID=" + api.id + "\nALIBABA_CLOUD_ACCESS_KEY_SECRET=" + api.secret + "\n" + endpointVariable + "=" + api.server.URL + "\n"
	if err := os.WriteFile(credentials, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"*.wild.example.com", "wild.example.com"}
	k := keeper(t, ca, names[1], names[0])
	k.Challenge, k.dns.Provider, k.dns.Credentials = inventory.ChallengeDNS, inventory.ProviderAliDNS, credentials
	pair, err := k.Obtain(t.Context(), nil, Pair{}, silent)
	if err != nil || !pair.Covers(names) {
		t.Fatalf("%+v, %v", pair.Leaf, err)
	}
	if added, left := api.count(); added != 2 || left != 0 {
		t.Errorf("%d records were added, and %d are left", added, left)
	}
	api.secret = "another"
	_, err = k.Obtain(t.Context(), nil, Pair{}, silent)
	wantFailure(t, err, "acme.dns-refused")
	if err := os.Chmod(credentials, 0o644); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, k.Check(), "acme.credentials-open")
}

// agedBy is the pair as if it had been signed at another time.
func agedBy(p Pair, by time.Duration) Pair {
	leaf := *p.Leaf
	leaf.NotBefore = leaf.NotBefore.Add(by)
	p.Leaf = &leaf
	return p
}

func TestWhenToRenew(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	leaf := &x509.Certificate{NotBefore: begin, NotAfter: begin.Add(90 * day), Signature: []byte{0x80, 0, 0, 0, 0, 0, 0, 0, 1}}
	for name, c := range map[string]struct {
		window Window
		want   time.Duration
	}{
		"a third of its life is left":   {Window{}, 60 * day},
		"the middle of the CA's window": {Window{begin.Add(40 * day), begin.Add(44 * day)}, 42 * day},
		"a window that has passed":      {Window{begin.Add(-2 * day), begin}, -day},
		"a window that comes too late":  {Window{begin.Add(100 * day), begin.Add(110 * day)}, 81 * day},
		"a window that ends before it":  {Window{begin.Add(4 * day), begin}, 60 * day},
	} {
		if got := RenewAt(leaf, c.window).Sub(begin); got.Round(time.Minute) != c.want {
			t.Errorf("%s: after %v, want %v", name, got, c.want)
		}
	}
}

// What Alibaba's documentation gives as an example of a signature.
func TestTheSignatureOfTheDocumentation(t *testing.T) {
	parameters := map[string]string{}
	values, err := url.ParseQuery("Format=XML&AccessKeyId=testid&Action=DescribeDomainRecords&SignatureMethod=HMAC-SHA1&DomainName=example.com" +
		"&SignatureNonce=f59ed6a9-83fc-473b-9cc6-99c95df3856e&SignatureVersion=1.0&Version=2015-01-09&Timestamp=2016-03-24T16:41:54Z")
	if err != nil {
		t.Fatal(err)
	}
	for name := range values {
		parameters[name] = values.Get(name)
	}
	if got, want := sign(http.MethodGet, parameters, provision.NewSecret("testsecret")), "uRpHwaSEt3J+6KQD//svCh/x+pI="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
