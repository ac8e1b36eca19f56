package diagnose

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

//go:embed catalogue/*.yaml
var files embed.FS

// known is the catalogue of the program, read at the first failure: a start without one pays nothing for it.
var known = sync.OnceValue(func() *catalogue {
	c, err := load(files)
	if err != nil {
		panic(err) // the files are part of the binary, and a test loads them
	}
	return c
})

// words is a text in every language of the program.
type words map[language.Tag]string

// entry is one known failure as the catalogue's files write it.
type entry struct {
	Code     string             `yaml:"code"`
	Severity provision.Severity `yaml:"severity"` // error where it is not given
	Rank     int                `yaml:"rank"`     // 1 to 99: how near to the root of the failure; 50 where it is not given
	Topic    string             `yaml:"topic"`    // of several findings on one topic the highest rank stays
	Hides    []string           `yaml:"hides"`    // codes or topics that are consequences of this one
	Echo     bool               `yaml:"echo"`     // looks at lines that repeat a command, and only at them
	Calm     bool               `yaml:"calm"`     // looks at lines too that are known to be harmless
	Ends     bool               `yaml:"ends"`     // in a container's log: its server does not come up after this
	Passes   bool               `yaml:"passes"`   // may pass by itself: another service is not up yet
	Above    bool               `yaml:"above"`    // quotes the lines before too: the cause is there
	Match    []string           `yaml:"match"`    // any of these on a line
	Near     []string           `yaml:"near"`     // and any of these on or near the line
	With     []string           `yaml:"with"`     // and any of these anywhere
	Unless   []string           `yaml:"unless"`   // and none of these on or near it
	Without  []string           `yaml:"without"`  // and none of these anywhere
	Among    map[string]string  `yaml:"among"`    // a name that was caught -> what must have it: a list that was caught under that name, or this one
	Values   failures           `yaml:"values"`   // codes of our own failures that this is, beside its own
	Cause    words              `yaml:"cause"`    // {name} is what the pattern's group of that name caught, {name|else}
	Fix      words              `yaml:"fix"`

	where Where
}

// failures are names for the values of our own failures, in their order, by the failure's code; "" leaves one out.
type failures map[string][]string

// markers are the shapes of lines that say how an output as a whole is to be read.
type markers struct {
	Harmless []string           `yaml:"harmless"` // looks like a failure and is none
	Failure  []string           `yaml:"failure"`  // something failed, whatever it was
	Fatal    []string           `yaml:"fatal"`    // the whole failed: no success before it counts
	Success  map[Where][]string `yaml:"success"`  // what went wrong at that place before this line was got over
	Macros   map[string]string  `yaml:"macros"`   // {{NAME}} in any pattern
	Unknown  words              `yaml:"unknown"`
	Ask      words              `yaml:"ask"`
}

// kind tells what a rule means for the scan.
type kind uint8

const (
	kindEntry kind = iota
	kindContext
	kindHarmless
	kindFailure
	kindFatal
	kindSuccess
)

// rule is one pattern of the catalogue, whatever it is for.
type rule struct {
	kind  kind
	entry int   // kindEntry: index of the entry
	where Where // kindSuccess: what it clears
	sure  bool  // the literals alone tell: the expression need not be run
	expr  func() *regexp.Regexp
}

// catalogue is all that is known, ready to scan with.
type catalogue struct {
	entries  []entry
	contexts [][]context    // by entry
	codes    map[string]int // of entries and our own failures -> entry
	rules    []rule
	find     *automaton
	markers  markers
}

// context is one condition of an entry on the lines around it.
type context struct {
	rules  []int
	reach  int  // lines; 0 for anywhere
	absent bool // must not be there
}

// nearby is how many lines "near" reaches, before and after. A BuildKit failure repeats the step's last lines and prints
// the Dockerfile around it; npm and pip add some twenty lines of their own.
const nearby = 40

func load(fsys fs.FS) (*catalogue, error) {
	c := &catalogue{codes: map[string]int{}}
	if err := read(fsys, "catalogue/markers.yaml", &c.markers); err != nil {
		return nil, err
	}
	names, err := fs.Glob(fsys, "catalogue/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		where, _, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".yaml"), "-")
		if where == "markers" {
			continue
		}
		var entries []entry
		if err := read(fsys, name, &entries); err != nil {
			return nil, err
		}
		for _, e := range entries {
			e.where = Where(where)
			if err := e.complete(); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			for _, code := range append(slices.Collect(maps.Keys(e.Values)), e.Code) {
				if _, ok := c.codes[code]; !ok {
					c.codes[code] = len(c.entries)
				}
			}
			c.entries = append(c.entries, e)
		}
	}
	b := builder{catalogue: c, shared: map[string]int{}}
	if err := b.build(); err != nil {
		return nil, err
	}
	return c, nil
}

func read(fsys fs.FS, name string, into any) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalWithOptions(data, into, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// complete fills in what an entry leaves out and refuses one that says too little.
func (e *entry) complete() error {
	if e.Severity == "" {
		e.Severity = provision.SeverityError
	}
	if e.Rank == 0 {
		e.Rank = 50
	}
	switch {
	case !strings.HasPrefix(e.Code, string(e.where)+"."):
		return fmt.Errorf("entry %q: the code must start with %q", e.Code, e.where+".")
	case len(e.Match) == 0 && len(e.Values) == 0:
		return fmt.Errorf("entry %s has neither a pattern nor a failure of ours", e.Code)
	case e.Rank < 0 || e.Rank > 99:
		return fmt.Errorf("entry %s: rank %d is not within 1 to 99", e.Code, e.Rank)
	}
	for _, tag := range language.Tags() {
		if e.Cause[tag] == "" || e.Fix[tag] == "" {
			return fmt.Errorf("entry %s has no words in %s", e.Code, tag)
		}
	}
	return nil
}

// builder turns the patterns of entries and markers into rules.
type builder struct {
	*catalogue
	shared map[string]int // context pattern -> its rule
	words  []string
	owners []int32
}

func (b *builder) build() error {
	b.contexts = make([][]context, len(b.entries))
	for i := range b.entries {
		if err := b.addEntry(i); err != nil {
			return fmt.Errorf("entry %s: %w", b.entries[i].Code, err)
		}
	}
	lists := []struct {
		kind     kind
		where    Where
		patterns []string
	}{{kindHarmless, "", b.markers.Harmless}, {kindFailure, "", b.markers.Failure}, {kindFatal, "", b.markers.Fatal}}
	for where, patterns := range b.markers.Success {
		lists = append(lists, struct {
			kind     kind
			where    Where
			patterns []string
		}{kindSuccess, where, patterns})
	}
	for _, list := range lists {
		for _, pattern := range list.patterns {
			if _, err := b.add(pattern, rule{kind: list.kind, where: list.where}); err != nil {
				return fmt.Errorf("markers: %w", err)
			}
		}
	}
	b.find = newAutomaton(b.words, b.owners)
	return nil
}

func (b *builder) addEntry(i int) error {
	e := &b.entries[i]
	for _, pattern := range e.Match {
		if _, err := b.add(pattern, rule{kind: kindEntry, entry: i}); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		patterns []string
		reach    int
		absent   bool
	}{{e.Near, nearby, false}, {e.With, 0, false}, {e.Unless, nearby, true}, {e.Without, 0, true}} {
		if len(list.patterns) == 0 {
			continue
		}
		condition := context{reach: list.reach, absent: list.absent}
		for _, pattern := range list.patterns {
			id, ok := b.shared[pattern]
			if !ok {
				var err error
				if id, err = b.add(pattern, rule{kind: kindContext}); err != nil {
					return err
				}
				b.shared[pattern] = id
			}
			condition.rules = append(condition.rules, id)
		}
		b.contexts[i] = append(b.catalogue.contexts[i], condition)
	}
	return nil
}

var macro = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{(\w+)\}\}`) })

func (b *builder) add(pattern string, r rule) (int, error) {
	var missing string
	pattern = macro().ReplaceAllStringFunc(pattern, func(name string) string {
		body, ok := b.markers.Macros[strings.Trim(name, "{}")]
		if !ok {
			missing = name
		}
		return "(?:" + body + ")"
	})
	if missing != "" {
		return 0, fmt.Errorf("pattern %q: no macro %s", pattern, missing)
	}
	literals, sure, err := requiredLiterals(pattern)
	if err != nil {
		return 0, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	if literals == nil {
		return 0, fmt.Errorf("pattern %q has no literal of %d bytes to look for first", pattern, minLiteral)
	}
	r.sure = sure
	r.expr = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?i)" + pattern) })
	id := len(b.rules)
	b.rules = append(b.rules, r)
	for _, s := range literals {
		b.words = append(b.words, s)
		b.owners = append(b.owners, int32(id))
	}
	return id, nil
}
