package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// login is one attempt to authenticate: what the server accepts, what was offered, what was answered.
type login struct {
	d          *dialer
	ctx        context.Context
	keys       func() *keyring // waits for the files and the agent to be read
	accepts    []string
	passed     []string // methods that succeeded, where the server wants another one beside
	keyLogin   bool     // the server accepted keys, if only at first
	offered    []identity
	accepted   *identity // the server said yes to this key's public half
	blindTried bool
	problems   []error                     // why a method could not be tried to its end
	asks       int                         // passwords and prompts answered
	given      map[string]provision.Answer // what was answered, to be remembered if it was right
	banner     strings.Builder
}

// next is the ssh.ClientAuthCallback: it picks a method, in OpenSSH's order of preference.
func (l *login) next(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.accepts, l.passed = c.AllowedMethods, c.PartialSuccessMethods
	l.keyLogin = l.keyLogin || slices.Contains(c.AllowedMethods, "publickey")
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	tries := func(method string) int {
		n := 0
		for _, tried := range c.TriedMethods {
			if tried == method {
				n++
			}
		}
		return n
	}
	s := l.d.settings
	may := func(method string, allowed bool, limit int) bool {
		return allowed && slices.Contains(c.AllowedMethods, method) && tries(method) < limit
	}
	switch {
	case may("publickey", s.KeyLogin, 1) && len(l.keys().identities) > 0:
		return ssh.PublicKeysCallback(l.signers), nil
	case may("publickey", s.KeyLogin, 2) && len(l.keys().blind) > 0 && !l.blindTried:
		l.blindTried = true
		return ssh.PublicKeysCallback(l.unlocked), nil
	case may("keyboard-interactive", s.PromptLogin && l.canAsk(), s.Prompts):
		return ssh.KeyboardInteractive(l.challenge), nil
	case may("password", s.PasswordLogin && l.canAsk(), s.Prompts):
		return ssh.PasswordCallback(l.password), nil
	}
	return nil, errNoMethod
}

var errNoMethod = errors.New("no method is left to try")

// canAsk reports whether it makes sense to put a question: somebody is there, and did not just fail to answer.
func (l *login) canAsk() bool {
	var unanswered *provision.UnansweredError
	return l.d.config.Ask != nil && !slices.ContainsFunc(l.problems, func(err error) bool { return errors.As(err, &unanswered) })
}

// signers offers the keys, and notes which of them the library comes to use.
func (l *login) signers() ([]ssh.Signer, error) {
	keys := l.keys().identities
	list := make([]ssh.Signer, len(keys))
	for i, key := range keys {
		list[i] = &watchedSigner{identity: key, l: l}
	}
	return list, nil
}

// unlocked offers the keys whose public half only shows when they are decrypted.
func (l *login) unlocked() ([]ssh.Signer, error) {
	var list []ssh.Signer
	for _, key := range l.keys().blind {
		if err := key.unlock(); err != nil {
			l.problems = append(l.problems, err)
			continue
		}
		list = append(list, &watchedSigner{identity: identity{key.signer, key.path}, l: l})
	}
	return list, nil
}

// watchedSigner tells its login when it is offered and when the server asked for its signature.
type watchedSigner struct {
	identity
	l *login
}

// Algorithms is called by the library just before the key is offered.
func (w *watchedSigner) Algorithms() []string {
	if indexOf(w.l.offered, w.PublicKey()) < 0 {
		w.l.offered = append(w.l.offered, w.identity)
	}
	return w.l.d.signatures(w.PublicKey())
}

func (w *watchedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	w.l.accepted = &w.identity
	signer, ok := w.Signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("%s cannot sign by %s", w.source, algorithm)
	}
	w.l.d.clock.stop() // the agent may wait for a touch or a confirmation
	defer w.l.d.clock.start()
	signature, err := signer.SignWithAlgorithm(rand, data, algorithm)
	if err != nil {
		l := w.l
		if !errors.As(err, new(*keyError)) {
			err = provision.Fail("remote.login.unsigned", w.String(), err)
		}
		l.problems = append(l.problems, err)
	}
	return signature, err
}

func (l *login) password() (string, error) {
	words := l.d.config.Words
	answer, err := l.ask(provision.Decision{
		Kind:     provision.DecidePassword,
		Question: words.T("remote.password.question", l.d.settings.User, l.d.config.Name),
		Secret:   true,
		Remedy:   words.T("remote.password.remedy", l.d.arguments()),
	})
	return answer.Secret.Reveal(), err
}

// challenge puts each prompt of a keyboard-interactive round as a question of its own.
func (l *login) challenge(name, instruction string, prompts []string, echos []bool) ([]string, error) {
	words := l.d.config.Words
	answers := make([]string, len(prompts))
	for i, prompt := range prompts {
		kind := provision.DecideCode
		if !echos[i] && strings.Contains(strings.ToLower(prompt), "password") {
			kind = provision.DecidePassword
		}
		answer, err := l.ask(provision.Decision{
			Kind:     kind,
			Question: words.T("remote.code.question", l.d.config.Name, oneLine(prompt)),
			Detail:   strings.TrimSpace(safetext.Clean(name + "\n" + instruction)),
			Secret:   true,
			Remedy:   words.T("remote.password.remedy", l.d.arguments()),
		})
		if err != nil {
			return nil, err
		}
		answers[i] = answer.Secret.Reveal()
	}
	return answers, nil
}

func (l *login) ask(d provision.Decision) (provision.Answer, error) {
	d.Host = l.d.config.Name
	if answer, ok := l.d.remembered[d.Question]; ok && d.Kind != provision.DecideCode {
		delete(l.d.remembered, d.Question) // once only: it may be wrong by now
		l.given[d.Question] = answer
		return answer, nil
	}
	if _, before := l.given[d.Question]; before && d.Kind == provision.DecidePassword {
		d.Detail = strings.TrimSpace(d.Detail + "\n" + l.d.config.Words.T("remote.again"))
	}
	answer, err := l.d.ask(l.ctx, d)
	if err != nil {
		l.problems = append(l.problems, err)
		return answer, err
	}
	l.asks++
	l.given[d.Question] = answer
	return answer, nil
}

// refusal says why the server let nobody in: what it accepts, what it was offered, and what would help. how is the failure's
// first sentence.
func (l *login) refusal(how string, err error) *DialError {
	values := []any{l.d.config.Name, l.d.target(), l.d.settings.User, l.acceptable(), l.offer()}
	if how == "remote.login.hung-up" {
		values = append(values, or(oneLine(l.banner.String()), "-"))
	}
	refused, remedy := provision.Fail(how, values...), l.remedy(err)
	failure := provision.Fail("connect.auth-refused", refused, remedy)
	var key *keyError
	switch {
	case errors.As(remedy, &key) && key.code != "":
		failure = provision.Fail(key.code, refused, key.path, key.what)
	case len(l.passed) > 0:
		failure = l.d.fail("connect.second-factor", l.d.settings.User, strings.Join(l.passed, ", "), l.acceptable(), remedy).Failure
	case remedy == nil:
		failure = provision.Fail("connect.too-many-auth-failures", refused)
	}
	return l.d.settle(l.d.dialError(failure.From(err)))
}

// acceptable are the methods that the server accepts.
func (l *login) acceptable() any {
	accepts := slices.DeleteFunc(slices.Clone(l.accepts), func(m string) bool { return m == "none" })
	if len(accepts) == 0 {
		return provision.Fail("remote.login.no-method")
	}
	return strings.Join(accepts, ", ")
}

// offer is what the server was offered.
func (l *login) offer() *provision.Failure {
	keys := describe(l.offered)
	switch {
	case keys == "" && l.asks == 0:
		return provision.Fail("remote.login.no-key")
	case keys == "":
		return provision.Fail("remote.login.answers", l.asks)
	case l.asks == 0:
		return provision.Fail("remote.login.keys", keys)
	}
	return provision.Fail("remote.login.keys-and-answers", keys, l.asks)
}

// isTooManyKeys recognises sshd's own words for a login with more attempts than MaxAuthTries.
func isTooManyKeys(err error) bool {
	return strings.Contains(err.Error(), "oo many authentication failures")
}

// remedy picks the likeliest one. What is wrong with a key that somebody named goes before all that was tried in its place.
func (l *login) remedy(err error) error {
	publicKey := slices.Contains(l.accepts, "publickey")
	alone := l.d.config.Ask == nil
	keys := l.keys()
	if key := l.keyProblem(); key != nil {
		return key
	}
	switch {
	case len(l.problems) > 0:
		return l.problems[len(l.problems)-1]
	case len(l.passed) > 0 && l.asks > 0:
		return provision.Fail("remote.login.check-answers")
	case len(l.passed) > 0 && !publicKey:
		return provision.Fail("remote.login.on-terminal")
	case isTooManyKeys(err): // which has a code of its own
		return nil
	case publicKey && len(l.offered) == 0 && keys.agentless != nil:
		return keys.agentless
	case len(l.offered) == 0 && publicKey && alone:
		return provision.Fail("remote.login.make-key", l.d.arguments())
	case publicKey && slices.ContainsFunc(l.offered, isCertificate):
		return provision.Fail("remote.login.certificate")
	case len(l.offered) > 0 && publicKey && l.d.settings.User == "root":
		return provision.Fail("remote.login.root", l.d.arguments())
	case l.asks > 0:
		return provision.Fail("remote.login.check-password")
	case alone && len(l.accepts) > 0 && !publicKey:
		return provision.Fail("remote.login.on-terminal")
	case publicKey:
		return provision.Fail("remote.login.copy-key", l.d.arguments())
	}
	return provision.Fail("remote.login.check-user")
}

// keyProblem is what kept a key from being used: one that the server would have taken, else one whose file is spoilt; nil where the
// keys are not what the login failed for.
func (l *login) keyProblem() error {
	for _, problem := range slices.Backward(l.problems) {
		if errors.As(problem, new(*keyError)) || provision.CodeOf(problem) == "remote.login.unsigned" {
			return problem
		}
	}
	if !l.keyLogin || slices.Contains(l.passed, "publickey") {
		return nil
	}
	if complaints := l.keys().complaints; len(complaints) > 0 {
		return complaints[0]
	}
	for _, offered := range l.offered {
		if cert, ok := offered.PublicKey().(*ssh.Certificate); ok {
			if flaw := certificateFlaw(cert, l.d.settings.User, time.Now()); flaw != nil {
				return &keyError{keyCertificate, offered.source, flaw}
			}
		}
	}
	return nil
}
