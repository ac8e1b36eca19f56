package diagnose

import (
	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// Patterned are the codes of the entries that read what others print.
func Patterned() []string {
	var codes []string
	for _, e := range known().entries {
		if len(e.Match) > 0 {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// Text returns the findings of an output, the most specific first. Healthy output has none. A failure that the catalogue
// does not know gives one finding of provision.SeverityUnknown with the last relevant lines.
func Text(output string, where Where, tag language.Tag) []provision.Finding {
	return text(output, Place{Where: where}, tag, false)
}

// Failed is Text for the output of something that is known to have failed: it never returns nothing.
func Failed(output string, at Place, tag language.Tag) []provision.Finding {
	return text(output, at, tag, true)
}

func text(output string, at Place, tag language.Tag, failed bool) []provision.Finding {
	s := newScan(known())
	s.text(output)
	return s.findings(at, tag, failed)
}

// Known returns the finding of the catalogue's entry of that code, or of a failure's code that an entry lists. The values
// take the places of their {names} in it, before what is known of the place.
func Known(code string, values map[string]string, at Place, tag language.Tag) (provision.Finding, bool) {
	c := known()
	id, ok := c.codes[code]
	if !ok {
		return provision.Finding{}, false
	}
	return c.finding(candidate{entry: id, captured: values}, at, tag), true
}
