package certificate

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/acme/api"

	"github.com/kehuo/provision/provision"
)

// userAgent tells the CA who asks.
const userAgent = "provision"

// core is the CA's interface, with the account's key.
func (k *Keeper) core(ctx context.Context) (*api.Core, error) {
	key, err := k.accountKey()
	if err != nil {
		return nil, err
	}
	return k.coreWith(ctx, key)
}

func (k *Keeper) coreWith(ctx context.Context, key crypto.Signer) (*api.Core, error) {
	transport, err := k.transport(ctx)
	if err != nil {
		return nil, err
	}
	return api.New(&http.Client{Transport: transport}, userAgent, k.directory, "", key)
}

// register makes the account known to the CA. One that it knows already stays as it is.
func (k *Keeper) register(ctx context.Context, core *api.Core) error {
	account := acme.Account{TermsOfServiceAgreed: true, Contact: []string{}}
	if k.email != "" {
		account.Contact = append(account.Contact, "mailto:"+k.email)
	}
	_, err := core.Accounts.New(ctx, account)
	return err
}

// accountKey is the key of the person's account at the CA; it is born where there is none.
func (k *Keeper) accountKey() (crypto.Signer, error) {
	folder := k.folder("accounts", k.directory+"\n"+k.email)
	file := filepath.Join(folder, "account.key")
	content, err := readFile(file)
	switch {
	case err == nil:
		block, _ := pem.Decode(content)
		if block == nil {
			return nil, provision.Fail("acme.account-broken", file)
		}
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, provision.Fail("acme.account-broken", file).From(err)
		}
		return key, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, provision.Fail("acme.store-unread", file, err)
	}
	key, text, err := newKey()
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err == nil {
		err = writeFile(file, text)
	}
	if err != nil {
		return nil, provision.Fail("acme.store-unwritten", folder, err)
	}
	return key, nil
}

// newKey is a new key, and the same as PEM.
func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	return key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), err
}

// answerLimit is how much a CA may answer, in bytes.
const answerLimit = 1 << 20

// transport carries requests to the CA as long as ctx lasts, and bounds what it answers.
func (k *Keeper) transport(ctx context.Context) (http.RoundTripper, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	content := []byte(k.ca)
	if k.caFile != "" {
		var err error
		if content, err = readFile(k.caFile); err != nil {
			return nil, provision.Fail("acme.ca-file", k.caFile, err)
		}
	}
	if len(content) > 0 {
		var err error
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		if !config.RootCAs.AppendCertsFromPEM(content) {
			return nil, provision.Fail("acme.ca-file-none", k.caFile)
		}
	}
	return &bounded{ctx, &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, DisableKeepAlives: true,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	}}, nil
}

type bounded struct {
	ctx  context.Context // the directory is asked for without one
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	response, err := b.next.RoundTrip(request.WithContext(b.ctx))
	if err != nil {
		return nil, err
	}
	if after := response.Header.Get("Retry-After"); after != "" { // the library complains of others on standard output
		if _, err := strconv.Atoi(after); err != nil {
			if at, err := http.ParseTime(after); err == nil {
				response.Header.Set("Retry-After", strconv.Itoa(max(0, int(time.Until(at).Seconds()))))
			} else {
				response.Header.Del("Retry-After")
			}
		}
	}
	body := response.Body
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(body, answerLimit), body}
	return response, nil
}
