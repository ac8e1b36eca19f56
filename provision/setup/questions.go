package setup

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// The answers that a first inventory needs, by the names that the form and the flags of init share.
const (
	Address     = "address"
	Port        = "port"
	User        = "user"
	Identity    = "identity"
	Name        = "name"
	Source      = "source"
	Directory   = "directory"
	Domain      = "domain"
	Certificate = "certificate"
	Key         = "key"
	Ports       = "ports"
)

// Answers are what a person said, by name. What is missing is derived from the rest and from the source; a pair of empty files
// is none at all.
type Answers map[string]string

// Offers are what this machine offers for an answer, by name, the best first.
type Offers map[string][]string

// Question asks for one answer. Its words are "wizard.field.NAME" and "wizard.field.NAME.help".
type Question struct {
	Name     string
	Default  string // where this machine offers nothing
	Optional bool   // may be left empty
	Unless   string // an answer: where it is one that was offered, an alias of the SSH configuration, it says this one as well
	With     string // an answer: while it is empty, this one is
	Derived  bool   // the wizard does not ask: what is derived does for a first site
	Doubtful bool   // asked only where more than one answer is offered
}

// Questions are those of the tutorial in the order in which they are asked, with the tutorial's values.
func Questions() []Question {
	site := inventory.Defaults()
	return []Question{
		{Name: Address},
		{Name: Port, Default: "22"},
		{Name: User, Default: inventory.DefaultUser, Optional: true, Unless: Address},
		{Name: Identity, Optional: true, Unless: Address},
		{Name: Name, Default: site.Name, Derived: true},
		{Name: Source, Default: "."},
		{Name: Directory, Default: site.Directory},
		{Name: Domain, Optional: true},
		{Name: Certificate, Optional: true},
		{Name: Key, Optional: true, With: Certificate},
		{Name: Ports, Optional: true, Derived: true, Doubtful: true},
	}
}

// FirstQuestions are those that the wizard asks.
func FirstQuestions() []Question {
	return slices.DeleteFunc(Questions(), func(q Question) bool { return q.Derived })
}

// Standard is the answer until somebody gives another, by what this machine offers and what was answered.
func (q Question) Standard(offers Offers, given Answers) string {
	switch list := offers[q.Name]; {
	case q.Unless != "" && slices.Contains(offers[q.Unless], given[q.Unless]), q.needless(given):
		return ""
	case len(list) > 0:
		return list[0]
	}
	return q.Default
}

// needless reports whether there is nothing to answer: a certificate that is obtained brings its key.
func (q Question) needless(given Answers) bool {
	return q.With != "" && (given[q.With] == "" || given[q.With] == inventory.CertificateACME)
}

// Interview is what the form, the plain mode and init draw. Setup is the one there is; tests have others.
type Interview interface {
	// Suggest finds out what this machine offers.
	Suggest() Offers
	// Follow returns the offers with those that hang on other answers in line with what was answered by now.
	Follow(Offers, Answers) Offers
	// Check looks at one answer, in the light of the others. The note is what is worth knowing about a right one.
	Check(name, value string, all Answers) (note string, err error)
	// Write writes the inventory.
	Write(Answers) error
	// Withdraw takes back what Write has written for these answers, unless somebody has changed it since.
	Withdraw(Answers) error
}

// Lines shows lines to a person and reads those typed.
type Lines interface {
	Say(text string)
	Line(prompt string) (string, error)
}

// Ask asks, one line each and until every answer is right, what given does not answer yet, and adds the answers to it. An empty
// line takes what stands in brackets, a dash empties an optional answer.
func Ask(ctx context.Context, i Interview, words *language.Printer, lines Lines, questions []Question, given Answers) error {
	offers := i.Suggest()
	for _, q := range questions {
		if _, ok := given[q.Name]; ok {
			continue
		}
		if q.needless(given) {
			given[q.Name] = ""
			continue
		}
		if offers = i.Follow(offers, given); q.Doubtful && len(offers[q.Name]) < 2 {
			continue
		}
		if err := ask(ctx, i, words, lines, q, q.Standard(offers, given), given); err != nil {
			return err
		}
	}
	return nil
}

func ask(ctx context.Context, i Interview, words *language.Printer, lines Lines, q Question, standard string, given Answers) error {
	title, help := words.T("wizard.field."+q.Name), words.T("wizard.field."+q.Name+".help")
	if q.Optional && standard != "" {
		help = words.T("wizard.ask.both", help, words.T("wizard.form.enter"))
	}
	lines.Say(words.T("wizard.ask.about", title, help))
	prompt := words.T("wizard.ask.open", title)
	if standard != "" {
		prompt = words.T("wizard.ask.standard", title, standard)
	}
	for {
		line, err := lines.Line(prompt)
		if err != nil {
			return err
		}
		answer := strings.TrimSpace(line)
		switch {
		case answer == "":
			answer = standard
		case answer == "-" && q.Optional:
			answer = ""
		}
		if answer == "" && !q.Optional {
			lines.Say("  " + words.T("wizard.form.empty"))
			continue
		}
		note, err := i.Check(q.Name, answer, given)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			lines.Say("  " + words.Error(err))
			continue
		case note != "":
			lines.Say("  " + note)
		}
		given[q.Name] = answer
		return nil
	}
}
