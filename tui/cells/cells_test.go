package cells_test

import (
	"testing"

	"github.com/kehuo/provision/tui/cells"
)

func TestATableIsAlignedByWhatIsSeen(t *testing.T) {
	got := cells.Table([][]string{
		{"\x1b[32mok\x1b[0m", "aliyun", "Docker 26"},
		{"错误", "this machine", "no key\nwas found"},
		{"", "", "-> make one"},
	})
	want := "\x1b[32mok\x1b[0m    aliyun        Docker 26\n" +
		"错误  this machine  no key\n" +
		"                    was found\n" +
		"                    -> make one\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestColumnsKeepToTheirWidth(t *testing.T) {
	got := cells.Columns([]string{"a long name", "构造镜像"}, 6, []string{"right"}, 3)
	if want := "a lo..  right\n构造..\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
