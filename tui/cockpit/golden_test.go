package cockpit

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/survey/sitelog"
	"github.com/kehuo/provision/tui/terminaltest"
	"github.com/kehuo/provision/tui/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

var logLines = []string{
	`203.0.113.77 - - [01/Mar/2026:09:29:41 +0000] "GET / HTTP/1.1" 200 1843 "-" "Mozilla/5.0"`,
	`203.0.113.10 - - [01/Mar/2026:09:29:50 +0000] "GET / HTTP/1.1" 200 1843 "-" "provision-probe"`,
	`[2026-03-01 09:29:55 +0000] [12] [ERROR] password ` + secret + ` refused`,
}

// visits are what visitors leave in the log of nginx in an hour.
func visits(now time.Time) (lines []string) {
	for minute := range 55 {
		at := now.Add(time.Duration(minute-54) * time.Minute)
		for i := range (minute*7)%13 + 3 {
			status := 200
			switch {
			case minute > 50 && i < 3:
				status = 502
			case i == 5:
				status = 404
			case i%4 == 3:
				status = 301
			}
			lines = append(lines, fmt.Sprintf(`203.0.113.77 - - [%s] "GET /%s HTTP/1.1" %d 1843 "-" "Mozilla/5.0" "10.0.0.%d"`,
				at.Format("02/Jan/2006:15:04:05 -0700"), strings.Repeat("guestbook/", i/2), status, i))
		}
	}
	return lines
}

func three(s *stage) {
	s.tell(logLines, reading("aliyun"), wrong("tencent"), lost("huawei-guangzhou-2"))
}

// scenes are the screens of the cockpit.
var scenes = map[string]struct {
	hosts int // 0: three of their own
	play  func(s *stage)
}{
	"log":        {0, three},
	"wrong":      {0, func(s *stage) { three(s); s.press("down"); s.tell(nil) }},
	"level":      {0, func(s *stage) { three(s); s.press("L", "L") }},
	"requests":   {0, func(s *stage) { three(s); s.press("2"); s.tell(visits(s.clock)) }},
	"quiet":      {0, func(s *stage) { three(s); s.model.traffic = sitelog.Traffic{}; s.press("2") }},
	"releases":   {0, func(s *stage) { three(s); s.press("3", "enter", "end") }},
	"containers": {0, func(s *stage) { three(s); s.press("4") }},
	"host":       {0, func(s *stage) { three(s); s.press("down", "down", "5", "enter") }},
	"command":    {0, func(s *stage) { three(s); s.press(":", "r") }},
	"help":       {0, func(s *stage) { three(s); s.press("?") }},
	"rollback":   {0, func(s *stage) { three(s); s.press("3", "enter", "end", "enter") }},
	"filter":     {0, func(s *stage) { three(s); s.press("/", "t", "e", "n") }},
	"first":      {0, func(*stage) {}},
	"fleet": {50, func(s *stage) {
		for i, h := range s.model.hosts {
			make := reading
			if i%7 == 3 {
				make = wrong
			} else if i%11 == 5 {
				make = lost
			}
			s.tell(nil, make(h.Host))
		}
		s.press("pgdown", "pgdown", "down")
		s.tell(logLines)
	}},
}

func TestScreens(t *testing.T) {
	for name := range scenes {
		for _, tag := range language.Tags() {
			t.Run(name+"."+string(tag), func(t *testing.T) {
				var all strings.Builder
				for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 50}} {
					view := play(t, name, tag, theme.Plain(), size[0], size[1])
					for row := range strings.SplitSeq(view, "\n") {
						if w := ansi.StringWidth(row); w > size[0] {
							t.Errorf("a row is %d cells wide: %q", w, row)
						}
					}
					if rows := strings.Count(view, "\n"); rows != size[1] {
						t.Errorf("at %dx%d there are %d rows", size[0], size[1], rows)
					}
					if strings.Contains(view, secret) || strings.Contains(view, "provision-probe\"") {
						t.Error("the screen shows what it must not")
					}
					fmt.Fprintf(&all, "== %dx%d\n%s", size[0], size[1], view)
				}
				terminaltest.Golden(t, name+"."+string(tag)+".golden", all.String(), *update)
			})
		}
	}
}

// TestColours keeps a screen with its colours; tui/screens makes a picture of it.
func TestColours(t *testing.T) {
	s := newStage(t, english, theme.Coloured(), 118, 23, "aliyun", "tencent", "huawei")
	s.tell(nil, reading("aliyun"), wrong("tencent"), lost("huawei"))
	s.press("2")
	s.tell(visits(s.clock))
	terminaltest.Golden(t, "../../testdata/cockpit.ansi", s.view(), *update)
	if plain := play(t, "log", language.English, theme.Bare([]string{"LANG=C"}), 96, 28); strings.ContainsFunc(plain, func(r rune) bool { return r > 126 }) {
		t.Errorf("a terminal without Unicode is given\n%s", plain)
	}
}

func play(t *testing.T, name string, tag language.Tag, look *theme.Theme, width, height int) string {
	t.Helper()
	hosts := []string{"aliyun", "tencent", "huawei-guangzhou-2"}
	if n := scenes[name].hosts; n > 0 {
		hosts = nil
		for i := range n {
			hosts = append(hosts, fmt.Sprintf("node-%02d", i+1))
		}
	}
	s := newStage(t, language.New(tag), look, width, height, hosts...)
	scenes[name].play(s)
	return s.view()
}

// The smallest terminals show what fits, and nothing breaks.
func TestNoSizeIsTooSmall(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {10, 3}, {20, 5}, {40, 8}, {300, 2}} {
		for name := range scenes {
			view := play(t, name, language.Chinese, theme.Plain(), size[0], size[1])
			for row := range strings.SplitSeq(view, "\n") {
				if w := ansi.StringWidth(row); w > size[0] {
					t.Errorf("%s at %v: a row is %d cells wide: %q", name, size, w, row)
				}
			}
			if rows := strings.Count(view, "\n"); rows > max(size[1], 2) {
				t.Errorf("%s at %v: %d rows", name, size, rows)
			}
		}
	}
}
