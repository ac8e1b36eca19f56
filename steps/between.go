package steps

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
)

// between is the error of a site that answers on the host as wanted, and not from here: what is wrong lies on the way.
type between struct {
	told
	finding provision.Finding
}

func (b *between) findings() []provision.Finding { return []provision.Finding{b.finding} }

// between says what is wrong on the way, which is known from what came back: nothing, so that the ports are closed, or the
// answer of somebody else.
func (s website) between(results []result) error {
	var closed, other []string
	for _, r := range results {
		if r.err == nil {
			continue
		}
		_, port, _ := net.SplitHostPort(r.question.Address) // as publicQuestions has joined it
		if unreached(r) {
			closed = append(closed, port)
		} else {
			other = append(other, port)
		}
	}
	err := firstError(results)
	if len(other) > 0 {
		return s.onTheWay("site.intercepted", err, strings.Join(other, ", "))
	}
	slices.Sort(closed)
	each := func(before, separator string) string {
		return before + strings.Join(closed, "/tcp"+separator+before) + "/tcp"
	}
	return s.onTheWay("site.port-closed", err, strings.Join(closed, ", "), each("--add-port=", " "), each("sudo ufw allow ", " && "))
}

// unreached tells whether a question found no way to the port: it was refused, or nothing came back at all.
func unreached(r result) bool {
	var dial *net.OpError
	return errors.As(r.err, &dial) && dial.Op == "dial" || r.answer.Status == 0 && errors.Is(r.err, context.DeadlineExceeded)
}

func (s website) onTheWay(code string, err error, args ...any) error {
	return &between{
		told: told{text: s.Words.T(code+".error", append([]any{s.Name(), err}, args...)...), errs: []error{err}},
		finding: provision.Finding{
			Severity: provision.SeverityError,
			Code:     code,
			Cause:    s.Words.T(code+".cause", args...),
			Evidence: err.Error(),
			Fix:      s.Words.T(code+".fix", args...),
		},
	}
}
