package certificate

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/acme/api"
	"github.com/go-acme/lego/v5/challenge"

	"github.com/kehuo/provision/provision"
)

// Solver makes the answer to a challenge visible where the CA looks for it, and takes it away again. It is lego's interface, so
// that its providers are ones.
type Solver = challenge.Provider

// How long an order may take in all, and how long the answer to a challenge may take to be seen.
const (
	httpPatience = 60 * time.Second
	dnsPatience  = 5 * time.Minute
)

// Patience is how long an order may take.
func (k *Keeper) Patience() time.Duration {
	if k.isDNS() {
		return dnsPatience
	}
	return httpPatience
}

// Waiting is told what an order waits for; the codes are of the catalogue.
type Waiting func(code string, values ...any)

// Obtain orders a certificate for the names and keeps it. before is the pair that it replaces, if any. What a Solver shows is taken
// away again however the order ends. Whether it can be seen is tried first, so that no order is wasted.
func (k *Keeper) Obtain(ctx context.Context, solver Solver, before Pair, waiting Waiting) (Pair, error) {
	unlock, err := k.lock()
	switch {
	case errors.Is(err, errBusy):
		return Pair{}, provision.Fail("acme.busy", strings.Join(k.Names, ", "))
	case err != nil:
		return Pair{}, provision.Fail("acme.store-unwritten", k.Folder(), err)
	}
	defer unlock()
	if until, said := k.limited(time.Now()); !until.IsZero() {
		return Pair{}, k.rateLimited(said, until)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, k.Patience(), provision.Fail("acme.timeout", k.CA(), k.Patience()))
	defer cancel()
	if k.isDNS() {
		if solver, err = k.dnsSolver(); err != nil {
			return Pair{}, err
		}
	} else if !k.untried {
		if err := k.tryHTTP(ctx, solver, waiting); err != nil {
			return Pair{}, err
		}
	}
	pair, err := k.order(ctx, solver, before, waiting)
	if err != nil {
		if isRateLimit(err) {
			k.rememberLimit(err, time.Now())
		}
		return Pair{}, k.failure(ctx, err)
	}
	if err := k.save(pair); err != nil {
		return Pair{}, provision.Fail("acme.store-unwritten", k.Folder(), err)
	}
	return pair, nil
}

func (k *Keeper) order(ctx context.Context, solver Solver, before Pair, waiting Waiting) (Pair, error) {
	waiting("acme.ordering", k.CA())
	core, err := k.core(ctx)
	if err != nil {
		return Pair{}, err
	}
	if err := k.register(ctx, core); err != nil {
		return Pair{}, err
	}
	options := &api.OrderOptions{}
	if before.Leaf != nil {
		if options.ReplacesCertID, err = api.MakeARICertID(before.Leaf); err != nil {
			return Pair{}, err
		}
	}
	order, err := core.Orders.New(ctx, k.Names, options)
	if err != nil && before.Leaf != nil && problemOf(err).HTTPStatus/100 == 4 && !isRateLimit(err) { // another CA's certificate, perhaps
		order, err = core.Orders.New(ctx, k.Names, nil)
	}
	if err != nil {
		return Pair{}, err
	}
	if err := k.solve(ctx, core, order, solver, waiting); err != nil {
		return Pair{}, err
	}
	waiting("acme.finalizing", k.CA())
	return k.finalize(ctx, core, order)
}

// answer is a challenge, and what answers it.
type answer struct {
	authorization string // URL
	domain        string
	challenge     acme.Challenge
	text          string
}

// solve answers the challenges of an order: all of them are shown before the CA looks at the first.
func (k *Keeper) solve(ctx context.Context, core *api.Core, order acme.ExtendedOrder, solver Solver, waiting Waiting) error {
	var answers []answer
	for _, url := range order.Authorizations {
		authorization, err := core.Authorizations.Get(ctx, url)
		if err != nil {
			return err
		}
		if authorization.Status == acme.StatusValid {
			continue
		}
		kind := challenge.HTTP01
		if k.isDNS() {
			kind = challenge.DNS01
		}
		asked, err := challenge.FindChallenge(kind, authorization)
		if err != nil {
			return &nameError{challenge.GetTargetedDomain(authorization), err}
		}
		if !isToken(asked.Token) { // it becomes the name of a file
			return &nameError{challenge.GetTargetedDomain(authorization), errors.New("the challenge's token is none")}
		}
		text, err := core.GetKeyAuthorization(asked.Token)
		if err != nil {
			return err
		}
		answers = append(answers, answer{url, authorization.Identifier.Value, asked, text})
	}
	for _, a := range answers {
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
			defer cancel()
			_ = solver.CleanUp(ctx, a.domain, a.challenge.Token, a.text) // what stays is of no use to anybody
		}()
		if err := solver.Present(ctx, a.domain, a.challenge.Token, a.text); err != nil {
			return err
		}
	}
	if k.isDNS() {
		for _, a := range answers {
			waiting("acme.waiting-dns", a.domain)
			if err := k.awaitTXT(ctx, a.domain, a.text); err != nil {
				return err
			}
		}
	}
	for _, a := range answers {
		waiting("acme.validating", k.CA(), a.domain)
		if err := validate(ctx, core, a); err != nil {
			return &nameError{a.domain, err}
		}
	}
	return nil
}

// isToken reports whether a text is a token as RFC 8555, section 8.3, has them.
func isToken(text string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return text != "" && len(text) <= 128 && strings.Trim(text, letters) == ""
}

// cleanPatience is how long it may take to take an answer away.
const cleanPatience = 10 * time.Second

// validate has the CA look at the answer to a challenge.
func validate(ctx context.Context, core *api.Core, a answer) error {
	if _, err := core.Challenges.New(ctx, a.challenge.URL); err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) {
		authorization, err := core.Authorizations.Get(ctx, a.authorization)
		if err != nil {
			return false, err
		}
		switch authorization.Status {
		case acme.StatusValid:
			return true, nil
		case acme.StatusPending, acme.StatusProcessing:
			return false, nil
		}
		for _, c := range authorization.Challenges {
			if c.Error != nil {
				return false, c.Error
			}
		}
		return false, errors.New("the authorization is " + authorization.Status)
	})
}

// finalize has the CA sign a key that is born here, and fetches the certificate.
func (k *Keeper) finalize(ctx context.Context, core *api.Core, order acme.ExtendedOrder) (Pair, error) {
	key, text, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: k.Names}, key)
	if err != nil {
		return Pair{}, err
	}
	if _, err := core.Orders.UpdateForCSR(ctx, order.Finalize, request); err != nil {
		return Pair{}, err
	}
	var done acme.ExtendedOrder
	err = poll(ctx, func() (bool, error) {
		if done, err = core.Orders.Get(ctx, order.Location); err != nil {
			return false, err
		}
		if done.Status == acme.StatusInvalid {
			return false, cmp.Or(done.Err(), errors.New("the order is invalid"))
		}
		return done.Status == acme.StatusValid, nil
	})
	if err != nil {
		return Pair{}, err
	}
	raw, err := core.Certificates.Get(ctx, done.Certificate, true)
	if err != nil {
		return Pair{}, err
	}
	pair, err := ParsePair(raw.Cert, text)
	if err == nil && !pair.Covers(k.Names) {
		err = errors.New("the certificate is for " + strings.Join(pair.Leaf.DNSNames, ", "))
	}
	return pair, err
}

// poll asks until it is done: often at first, then every few seconds.
func poll(ctx context.Context, ask func() (done bool, err error)) error {
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Revoke has the CA revoke the certificate, and forgets it here.
func (k *Keeper) Revoke(ctx context.Context, p Pair) error {
	ctx, cancel := context.WithTimeoutCause(ctx, httpPatience, provision.Fail("acme.timeout", k.CA(), httpPatience))
	defer cancel()
	key, err := tls.X509KeyPair(p.Chain, []byte(p.Key.Reveal()))
	var core *api.Core
	if err == nil { // whichever machine's account ordered it
		core, err = k.coreWith(ctx, key.PrivateKey.(crypto.Signer))
	}
	if err == nil {
		err = core.Certificates.Revoke(ctx, acme.RevokeCertMessage{Certificate: base64.RawURLEncoding.EncodeToString(p.Leaf.Raw)})
	}
	if err != nil && problemOf(err).Type != acme.AlreadyRevokedErrorType {
		return k.failure(ctx, err)
	}
	if err := k.Forget(); err != nil {
		return provision.Fail("acme.store-unwritten", k.Folder(), err)
	}
	return nil
}
