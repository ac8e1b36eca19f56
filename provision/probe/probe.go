// Package probe asks a site over http or https, from here and from the host, and holds the answers against what is wanted.
package probe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Dial opens a connection to the site.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Question is one request.
type Question struct {
	Dial    Dial
	Address string // host:port to connect to
	Domain  string // what the request and the TLS handshake call the site; empty: the address
	TLS     bool
	Path    string // default "/"
}

// Answer is what came back.
type Answer struct {
	URL         string
	Status      int
	Server      string // the Server header
	Location    string // the Location header
	Body        string // its first bodyLimit bytes
	Certificate *x509.Certificate
	Duration    time.Duration // from the first packet to the answer's head
}

// How much is read of an answer, in bytes.
const (
	bodyLimit   = 64 << 10
	headerLimit = 1000
)

// UserAgent is how a question names itself in a site's log.
const UserAgent = "provision-probe"

// Ask puts the question. Whose certificate it is, is for Want.Check to judge: a site under deployment may well have a
// self-signed one.
func Ask(ctx context.Context, q Question) (Answer, error) {
	request, err := q.request(ctx)
	if err != nil {
		return Answer{}, err
	}
	var leaf *x509.Certificate
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, network, _ string) (net.Conn, error) { return q.Dial(ctx, network, q.Address) },
		DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{
			ServerName:         request.URL.Hostname(),
			InsecureSkipVerify: true, // the fingerprint of the uploaded certificate is compared instead, in Check
			VerifyConnection: func(state tls.ConnectionState) error {
				leaf = state.PeerCertificates[0]
				return nil
			},
		},
	}
	defer transport.CloseIdleConnections()
	begun := time.Now()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Answer{URL: request.URL.String()}, err
	}
	defer func() { _ = response.Body.Close() }()
	answer := Answer{
		URL:         request.URL.String(),
		Status:      response.StatusCode,
		Server:      safetext.OneLine(response.Header.Get("Server"), headerLimit),
		Location:    safetext.OneLine(response.Header.Get("Location"), headerLimit),
		Certificate: leaf,
		Duration:    time.Since(begun),
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	answer.Body = string(body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return answer, fmt.Errorf("read the page: %w", err)
	}
	return answer, nil
}

func (q Question) request(ctx context.Context) (*http.Request, error) {
	scheme := "http"
	if q.TLS {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(q.Address)
	if err != nil {
		return nil, err
	}
	host = cmp.Or(q.Domain, host)
	if strings.Contains(host, ":") { // IPv6
		host = "[" + host + "]"
	}
	if q.Domain == "" && port != map[bool]string{true: "443", false: "80"}[q.TLS] {
		host = q.Address
	}
	path := q.Path
	if path == "" {
		path = "/"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", UserAgent)
	return request, nil
}

// Want is what an answer must be like. Zero fields are not checked.
type Want struct {
	Status      int
	Text        string // occurs in the page
	Server      string // "nginx", or "nginx/1.14.1" to pin the version
	Redirect    bool   // a redirect to https, instead of Status, Text
	Fingerprint string // SHA-256 of the certificate, hexadecimal
}

// MismatchError is an answer that is not as wanted.
type MismatchError struct {
	*provision.Failure
	Answer Answer
}

// Unwrap returns the failure that tells in what.
func (e *MismatchError) Unwrap() error { return e.Failure }

// Check returns a *MismatchError where the answer is not as wanted.
func (w Want) Check(a Answer) error {
	wrong := func(code string, values ...any) error {
		return &MismatchError{provision.Fail(code, append([]any{a.URL}, values...)...), a}
	}
	switch {
	case w.Redirect && (a.Status < 300 || a.Status > 399 || !strings.HasPrefix(a.Location, "https://")):
		return wrong("probe.redirect", a.Status)
	case !w.Redirect && w.Status != 0 && a.Status != w.Status:
		return wrong("probe.status", a.Status, w.Status)
	case !w.Redirect && w.Text != "" && !strings.Contains(a.Body, w.Text):
		return wrong("probe.text", w.Text)
	case w.Server != "" && a.Server == "":
		return wrong("probe.no-server", w.Server)
	case w.Server != "" && !sameServer(a.Server, w.Server):
		return wrong("probe.server", a.Server, w.Server)
	case w.Fingerprint != "" && a.Certificate != nil && Fingerprint(a.Certificate) != w.Fingerprint:
		return wrong("probe.certificate",
			safetext.OneLine(strings.Join(a.Certificate.DNSNames, ", "), headerLimit), a.Certificate.NotAfter.Format(time.DateOnly))
	}
	return nil
}

// sameServer compares product names without regard to case, and versions where one is wanted: "nginx" is answered by
// "nginx/1.18.0 (Debian)" as well.
func sameServer(got, want string) bool {
	got, _, _ = strings.Cut(got, " ")
	if !strings.Contains(want, "/") {
		got, _, _ = strings.Cut(got, "/")
	}
	return strings.EqualFold(got, want)
}

// Fingerprint is the SHA-256 of a certificate, hexadecimal.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// DaysLeft is how many whole days a certificate is still valid at a moment; negative once it has expired.
func DaysLeft(c *x509.Certificate, now time.Time) int {
	return int(math.Floor(c.NotAfter.Sub(now).Hours() / 24))
}
