package certificate

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/go-acme/lego/v5/acme"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// nameError is an error that concerns one of the names.
type nameError struct {
	name string
	err  error
}

func (e *nameError) Error() string { return e.name + ": " + e.err.Error() }

// Unwrap returns the error itself.
func (e *nameError) Unwrap() error { return e.err }

// problemOf is what the CA says of an error; never nil.
func problemOf(err error) *acme.ProblemDetails {
	var problem *acme.ProblemDetails
	if errors.As(err, &problem) && problem != nil {
		return problem
	}
	return &acme.ProblemDetails{}
}

func isRateLimit(err error) bool { return problemOf(err).Type == acme.RateLimitedErrorType }

// saidLimit is how much of a CA's explanation is told, in characters.
const saidLimit = 400

// codes are the failures by what the CA says of them.
var codes = map[string]string{
	acme.CaaErrorType:                     "acme.caa",
	acme.DNSErrorType:                     "acme.dns",
	acme.ConnectionErrorType:              "acme.connection",
	acme.TLSErrorType:                     "acme.connection",
	acme.UnauthorizedErrorType:            "acme.unauthorized",
	acme.IncorrectResponseErrorType:       "acme.unauthorized",
	acme.RejectedIdentifierErrorType:      "acme.rejected",
	acme.AccountDoesNotExistErrorType:     "acme.account",
	acme.ExternalAccountRequiredErrorType: "acme.external-account",
	acme.InvalidContactErrorType:          "acme.contact",
	acme.UnsupportedContactErrorType:      "acme.contact",
}

// failure names what became of an order. Each of them has the names, the CA, and what it said.
func (k *Keeper) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ours *provision.Failure
	if errors.As(err, &ours) {
		return err
	}
	names := strings.Join(k.Names, ", ")
	var about *nameError
	if errors.As(err, &about) {
		names = about.name
	}
	problem := problemOf(err)
	said := provision.ForeignError(safetext.OneLine(problem.Detail, saidLimit))
	if code, ok := codes[problem.Type]; ok {
		return provision.Fail(code, names, k.CA(), said)
	}
	var invalid x509.CertificateInvalidError
	switch {
	case isRateLimit(err):
		return k.rateLimited(problem.Detail, limitEnds(err, time.Now()))
	case problem.Type != "":
		return provision.Fail("acme.refused", names, k.CA(), said)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return provision.Fail("acme.clock", names, k.CA(), time.Now().Format(time.DateTime))
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return provision.Fail("acme.untrusted", names, k.CA(), err)
	case errors.As(err, new(net.Error)):
		return provision.Fail("acme.unreached", names, k.CA(), err)
	}
	return provision.Fail("acme.refused", names, k.CA(), provision.ForeignError(safetext.OneLine(err.Error(), saidLimit)))
}

// moment is how Let's Encrypt writes when a limit ends.
var moment = regexp.MustCompile(`retry after (\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)`)

// limitEnds is when the CA takes orders again.
func limitEnds(err error, now time.Time) time.Time {
	if m := moment.FindStringSubmatch(problemOf(err).Detail); m != nil {
		if at, err := time.Parse(time.DateTime, strings.Replace(m[1], "T", " ", 1)); err == nil {
			return at
		}
	}
	var limited *acme.RateLimitedError
	if errors.As(err, &limited) && limited.RetryAfter > 0 {
		return now.Add(limited.RetryAfter)
	}
	return now.Add(time.Hour)
}
