package transfer

import (
	"slices"
	"testing"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/tree"
)

func TestPlanSaysHowAPathDiffersInTheLanguageOfTheRun(t *testing.T) {
	d := Difference{Changes: []PathChange{
		{Path: "new", Reason: Added, Want: tree.Entry{Kind: tree.File}},
		{Path: "app.py", Reason: Content, Want: tree.Entry{Kind: tree.File}},
		{Path: "start.sh", Reason: Mode, Want: tree.Entry{Kind: tree.File, Mode: 0o755}, Have: HostEntry{Kind: tree.File, Mode: 0o644}},
		{Path: "static", Reason: Changed, Want: tree.Entry{Kind: tree.Directory}, Have: HostEntry{Kind: tree.File}},
		{Path: "now", Reason: Content, Want: tree.Entry{Kind: tree.Link, Target: "b"}, Have: HostEntry{Kind: tree.Link, Target: "a"}},
	}}
	for tag, want := range map[language.Tag][]string{
		language.English: {"+ new", "~ app.py (content)", "~ start.sh (mode 644 -> 755)", "~ static/ (file -> folder)", "~ now (target a -> b)"},
		language.Chinese: {"+ new", "~ app.py（内容）", "~ start.sh（权限 644 -> 755）", "~ static/（文件 -> 目录）", "~ now（指向 a -> b）"},
	} {
		if got := d.Paths(language.New(tag)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}
