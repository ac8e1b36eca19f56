package provision

import (
	"errors"
	"fmt"
	"strings"
)

// Failure is an error of the program's own: a code, and the values of its sentence. It is put into words where it is shown,
// by language.Printer.Error; what other programs print is never part of one but as a value.
type Failure struct {
	Code   string // stable, "release.port-held": it names the words, and the finding that a failed step has
	Values []any  // of the sentence, in its order; an error among them is what the failure comes from
	Exit   int    // the exit status that it ends the program with; 0: ExitFailed
	Err    error  // what it comes from, where the sentence does not tell it
}

// Fail returns the failure with that code and these values.
func Fail(code string, values ...any) *Failure { return &Failure{Code: code, Values: values} }

// WithExit returns the same failure with an exit status.
func (f *Failure) WithExit(code int) *Failure {
	g := *f
	g.Exit = code
	return &g
}

// From returns the same failure with an error that it comes from.
func (f *Failure) From(err error) *Failure {
	g := *f
	g.Err = err
	return &g
}

// Error is the code with its values, for logs of developers and for tests: a person is shown the words.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.Code)
	for i, value := range f.Values {
		b.WriteString([]string{": ", ", "}[min(i, 1)])
		fmt.Fprint(&b, value)
	}
	return b.String()
}

// Unwrap returns the errors that the failure comes from.
func (f *Failure) Unwrap() []error {
	var errs []error
	if f.Err != nil {
		errs = append(errs, f.Err)
	}
	for _, value := range f.Values {
		if err, ok := value.(error); ok {
			errs = append(errs, err)
		}
	}
	return errs
}

// CodeOf is the code of the outermost failure in err's tree; empty where there is none.
func CodeOf(err error) string {
	var f *Failure
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// StepError is a failure that ends a run before its steps, and the step that it belongs to.
type StepError struct {
	Step string
	Err  error
}

// InStep is err as a failure of a step; nil for nil.
func InStep(step string, err error) error {
	if err == nil {
		return nil
	}
	return &StepError{step, err}
}

func (e *StepError) Error() string { return e.Err.Error() }

// Unwrap returns the failure itself.
func (e *StepError) Unwrap() error { return e.Err }

// ForeignError is what another program said, as an error: a value of a Failure that the diagnosis reads.
type ForeignError string

func (f ForeignError) Error() string { return string(f) }

// Said is the text itself.
func (f ForeignError) Said() string { return string(f) }
