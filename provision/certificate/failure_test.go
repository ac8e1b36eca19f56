package certificate

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-acme/lego/v5/acme"

	"github.com/kehuo/provision/provision"
)

// What a CA refuses has a name, and the words for it in each language.
func TestWhatACASaysIsNamed(t *testing.T) {
	k := &Keeper{Names: []string{"example.com", "www.example.com"}, directory: letsEncrypt}
	problem := func(kind, detail string) error {
		return &acme.ProblemDetails{Type: "urn:ietf:params:acme:error:" + kind, Detail: detail, HTTPStatus: http.StatusForbidden}
	}
	limited := &acme.RateLimitedError{ProblemDetails: problem("rateLimited", "too many certificates (5) already issued for this exact set of identifiers, retry after 2026-12-03 04:05:06 UTC: see").(*acme.ProblemDetails)}
	for code, err := range map[string]error{
		"acme.caa":              problem("caa", "CAA record for example.com prevents issuance"),
		"acme.dns":              problem("dns", "no valid A records found"),
		"acme.connection":       problem("connection", "Timeout during connect (likely firewall problem)"),
		"acme.unauthorized":     &nameError{"www.example.com", problem("unauthorized", "Invalid response: 403")},
		"acme.rejected":         problem("rejectedIdentifier", "policy"),
		"acme.account":          problem("accountDoesNotExist", "no such account"),
		"acme.external-account": problem("externalAccountRequired", "binding"),
		"acme.contact":          problem("invalidContact", "no mx"),
		"acme.rate-limited":     limited,
		"acme.refused":          problem("badCSR", "too weak\x1b[31m"),
		"acme.clock":            fmt.Errorf("get: %w", x509.CertificateInvalidError{Reason: x509.Expired}),
		"acme.untrusted":        x509.UnknownAuthorityError{},
		"acme.unreached":        &net.OpError{Op: "dial", Err: errors.New("connection refused")},
	} {
		got := k.failure(t.Context(), err)
		wantFailure(t, got, code)
		if strings.ContainsRune(got.Error(), 0x1b) {
			t.Errorf("%q has an escape", got)
		}
	}
	if got := k.failure(t.Context(), problem("caa", "")); !strings.Contains(got.Error(), "example.com, www.example.com") {
		t.Errorf("%v names not what it was ordered for", got)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(provision.Fail("acme.timeout", "ca", time.Second))
	wantFailure(t, k.failure(ctx, errors.New("cut")), "acme.timeout")

	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for err, want := range map[error]time.Time{
		limited: time.Date(2026, 12, 3, 4, 5, 6, 0, time.UTC),
		&acme.RateLimitedError{ProblemDetails: &acme.ProblemDetails{}, RetryAfter: 2 * time.Hour}: now.Add(2 * time.Hour),
		problem("rateLimited", ""): now.Add(time.Hour),
	} {
		if got := limitEnds(err, now); !got.Equal(want) {
			t.Errorf("%v ends %v, want %v", err, got, want)
		}
	}
}

// The page that a cloud shows in the place of a site that is not filed is told from another site.
func TestAMissingFilingIsRecognised(t *testing.T) {
	answer := func(status int, server string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"Server": {server}}}
	}
	for page, c := range map[string]struct {
		response *http.Response
		want     bool
	}{
		"<title>Non-compliance ICP Filing</title>": {answer(403, "nginx"), true},
		"anything": {answer(403, "Beaver"), true},
		`<script src="https://dnspod.qcloud.com/static/webblock.html">`: {answer(200, "nginx"), true},
		"<footer>京ICP备案12345号</footer>":                                 {answer(200, "nginx"), false},
		"<title>404 Not Found</title>":                                  {answer(404, "nginx"), false},
	} {
		if got := isFiling(c.response, []byte(page)); got != c.want {
			t.Errorf("%q: %v", page, got)
		}
	}
}

func TestATokenIsNoPath(t *testing.T) {
	for token, want := range map[string]bool{"abc-_1": true, "": false, "../key": false, "a/b": false, "a\nb": false, ".": false, strings.Repeat("a", 129): false} {
		if isToken(token) != want {
			t.Errorf("%q: %v", token, !want)
		}
	}
}

// FuzzPair reads a pair, whoever wrote it.
func FuzzPair(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if pair, err := ParsePair(content, nil); err == nil && pair.Leaf == nil {
			t.Error("a pair without a certificate")
		}
	})
}

// A CA that takes no more orders is not asked until it does, whichever run comes.
func TestARateLimitIsRemembered(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	orders := 0
	var server *httptest.Server
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Replay-Nonce", rand.Text())
		switch r.URL.Path {
		case "/dir":
			_, _ = fmt.Fprintf(w, `{"newNonce":"%[1]s/nonce","newAccount":"%[1]s/account","newOrder":"%[1]s/order"}`, server.URL)
		case "/account":
			w.Header().Set("Location", server.URL+"/account/1")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"status":"valid"}`)
		case "/order":
			orders++
			w.Header().Set("Retry-After", "7200")
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}`)
		}
	}))
	t.Cleanup(server.Close)
	settings := Settings{
		Names: []string{"example.com"}, Directory: server.URL + "/dir",
		CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	}
	folder := t.TempDir()
	want := time.Now().Add(2 * time.Hour)
	for range 3 {
		_, err := settings.Keeper(folder).Obtain(t.Context(), nil, Pair{}, silent)
		wantFailure(t, err, "acme.rate-limited")
		until, said := settings.Keeper(folder).limited(time.Now())
		if off := until.Sub(want); off < 0 || off > time.Minute || said != "too many certificates" {
			t.Errorf("it ends at %v, want %v: %q", until, want, said)
		}
		if err == nil || !strings.Contains(err.Error(), until.Local().Format(time.DateTime)) {
			t.Errorf("%v does not tell when it ends", err)
		}
	}
	if orders != 1 {
		t.Errorf("the CA was asked %d times", orders)
	}
	if until, _ := settings.Keeper(folder).limited(want.Add(time.Minute)); !until.IsZero() {
		t.Errorf("it lasts until %v", until)
	}
}

// A clock that is off shows as a certificate of the CA's own that is not valid.
func TestAClockThatIsOffIsNamed(t *testing.T) {
	key, _, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(24 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}} //nolint:gosec // a test's
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	settings := Settings{
		Names: []string{"example.com"}, Directory: server.URL + "/dir", CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	}
	_, err = settings.Keeper(t.TempDir()).Obtain(t.Context(), nil, Pair{}, silent)
	wantFailure(t, err, "acme.clock")
}
