package diagnose

import (
	"regexp"
	"slices"
	"testing"
)

func TestRequiredLiterals(t *testing.T) {
	for _, test := range []struct {
		pattern string
		want    []string
		sure    bool
	}{
		{`no space left`, []string{"no space left"}, true},
		{`(?:curl|wget): (?P<what>.+)`, []string{"curl: ", "wget: "}, false},
		{`^Step \d+`, []string{"step "}, false},
		{`colou?rs`, []string{"colors", "colours"}, true},
		{`a.*b`, nil, false},
		{`(?:error|status)[ :=]+403`, []string{"403"}, false},
		{`(?:unable to (?:open|read))+ it`, []string{"unable to open", "unable to read"}, false},
		{`x{2,}yes`, []string{"yes"}, false},
	} {
		got, sure, err := requiredLiterals(test.pattern)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, test.want) || sure != test.sure {
			t.Errorf("%s: %q sure %v (%v), want %q %v", test.pattern, got, sure, err, test.want, test.sure)
		}
	}
	if _, _, err := requiredLiterals(`(`); err == nil {
		t.Error("a broken pattern is accepted")
	}
}

func TestAutomatonFindsWhatSearchFinds(t *testing.T) {
	words := []string{"he", "she", "his", "hers", "no such host", "host", "权限不够"}
	owners := make([]int32, len(words))
	for i := range owners {
		owners[i] = int32(i)
	}
	a := newAutomaton(words, owners)
	for _, text := range []string{"ushers", "HIS HOST: No Such Host", "bash: 权限不够", "", "hhhh", "shis"} {
		var got []int32
		a.each([]byte(text), func(owner int32) {
			if !slices.Contains(got, owner) {
				got = append(got, owner)
			}
		})
		slices.Sort(got)
		var want []int32
		for i, word := range words {
			if regexp.MustCompile("(?i)" + word).MatchString(text) {
				want = append(want, int32(i))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
