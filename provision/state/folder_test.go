//go:build host

package state_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/state"
)

// The users of these tests: one who deploys, and another one of the host. The third has a group of the same name.
const (
	kevin   = 54321
	mallory = 54322
	daemon  = 1
)

// folders makes folders below a temporary one: "NAME MODE OWNER", or "NAME -> TARGET OWNER" for a link.
func folders(t *testing.T, lines ...string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("this test makes folders of other users and needs root for it")
	}
	users := map[string]int{"root": 0, "kevin": kevin, "mallory": mallory, "daemon": daemon}
	root := shelltest.Folder(t)
	for _, line := range lines {
		f := strings.Fields(line)
		name, owner := filepath.Join(root, f[0]), users[f[len(f)-1]]
		var err error
		if f[1] == "->" {
			err = os.Symlink(strings.ReplaceAll(f[2], "ROOT", root), name)
		} else if err = os.Mkdir(name, 0o700); err == nil {
			err = exec.CommandContext(t.Context(), "chmod", f[1], name).Run()
		}
		if err == nil {
			err = os.Lchown(name, owner, owner)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var folderCases = []struct {
	name    string
	folders []string
	site    string
	uid     int
	unsafe  []string
}{
	{"a home", []string{"h 755 kevin", "h/dev 755 kevin", "h/dev/web 755 kevin", "h/dev/.web.provision 700 kevin"}, "h/dev/web", kevin, nil},
	{"nothing there yet", []string{"h 755 kevin"}, "h/dev/web", kevin, nil},
	{"root's own", []string{"srv 755 root", "srv/web 755 root"}, "srv/web", kevin, nil},
	{"root deploys", []string{"srv 755 root", "srv/web 755 root"}, "srv/web", 0, nil},
	{"kevin's, and root deploys", []string{"h 755 kevin"}, "h/web", 0, []string{"h"}},
	{"a sticky folder", []string{"t 1777 root"}, "t/web", kevin, nil},
	{"a sticky folder with what is kevin's", []string{"t 1777 root", "t/web 755 kevin", "t/.web.provision 700 kevin"}, "t/web", kevin, nil},
	{"a sticky folder with another one's site", []string{"t 1777 root", "t/web 755 mallory"}, "t/web", kevin, []string{"t/web"}},
	{"a sticky folder with another one's state", []string{"t 1777 root", "t/web 755 kevin", "t/.web.provision 777 mallory"}, "t/web", kevin, []string{"t/.web.provision"}},
	{"a sticky folder of another one's", []string{"t 1777 mallory", "t/web 755 kevin"}, "t/web", kevin, []string{"t"}},
	{"open to all", []string{"srv 777 root"}, "srv/dev/web", kevin, []string{"srv"}},
	{"far above", []string{"srv 777 root", "srv/a 755 kevin", "srv/a/b 755 kevin"}, "srv/a/b/web", kevin, []string{"srv"}},
	{"the site is open to all", []string{"h 755 kevin", "h/web 777 kevin"}, "h/web", kevin, []string{"h/web"}},
	{"the state is open to all", []string{"h 755 kevin", "h/.web.provision 777 kevin"}, "h/web", kevin, []string{"h/.web.provision"}},
	{"open to a group", []string{"h 755 kevin", "h/web 775 kevin"}, "h/web", kevin, []string{"h/web"}},
	{"open to all but not readable", []string{"h 733 root"}, "h/web", kevin, []string{"h"}},
	{"another one's, above", []string{"m 755 mallory", "m/web 755 kevin"}, "m/web", kevin, []string{"m"}},
	{"names with blanks", []string{"h 755 kevin", "h/dev 777 kevin"}, "h/dev/my  web ", kevin, []string{"h/dev"}},
	{"a link of kevin's", []string{"h 755 kevin", "d 755 kevin", "h/dev -> ROOT/d kevin"}, "h/dev/web", kevin, nil},
	{"a link to what is open", []string{"h 755 kevin", "d 777 kevin", "h/dev -> ../d kevin"}, "h/dev/web", kevin, []string{"d"}},
	{"a link through what is open", []string{"h 755 kevin", "d 755 kevin", "o 777 root", "o/on -> ROOT/d kevin", "h/dev -> ROOT/o/on kevin"}, "h/dev/web", kevin, []string{"o"}},
	{"another one's link", []string{"t 1777 root", "d 755 kevin", "t/dev -> ROOT/d mallory"}, "t/dev/web", kevin, []string{"t/dev"}},
	{"another one's link that leads nowhere", []string{"t 1777 root", "t/web -> /nowhere mallory"}, "t/web", kevin, []string{"t/web"}},
	{"open to the user's own group", []string{"h 775 daemon", "h/web 2775 daemon"}, "h/web", daemon, nil},
	{"open to the user's own group and to all", []string{"h 775 daemon", "h/web 777 daemon"}, "h/web", daemon, []string{"h/web"}},
}

func TestFoldersThatOthersMayChange(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for _, c := range folderCases {
			t.Run(c.name, func(t *testing.T) {
				root := folders(t, c.folders...)
				found, err := state.ParseFolders(s.As(c.uid).Run(t, state.CheckFolders(filepath.Join(root, c.site))))
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, f := range found {
					name, err := filepath.Rel(root, f.Path)
					if err != nil {
						t.Fatal(err)
					}
					names = append(names, name)
				}
				if !slices.Equal(names, c.unsafe) {
					t.Errorf("%v can be changed by others, want %v", found, c.unsafe)
				}
			})
		}
	})
}

// A group of the user's own is no longer one once somebody else is in it.
func TestAGroupThatOthersAreIn(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		root := folders(t, "h 775 daemon")
		for members, alone := range map[string]bool{"": true, "daemon": true, "mallory": false, "daemon,mallory": false} {
			bin := shelltest.Folder(t)
			if err := os.WriteFile(filepath.Join(bin, "getent"), []byte("#!/bin/sh\necho daemon:x:1:"+members+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			found, err := state.ParseFolders(s.As(daemon).With(bin).Run(t, state.CheckFolders(filepath.Join(root, "h", "web"))))
			if err != nil || (len(found) == 0) != alone {
				t.Errorf("with the members %q: %v, %v", members, found, err)
			}
		}
	})
}

// The lock is the last gate: it reads and writes nothing where others may, and says what to do.
func TestTheLockRefusesFoldersThatOthersMayChange(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for _, c := range folderCases {
			if !slices.Contains([]string{"nothing there yet", "a sticky folder", "root's own", "open to all", "the state is open to all",
				"a sticky folder with another one's site", "a sticky folder with another one's state"}, c.name) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				root := folders(t, c.folders...)
				before := entries(t, root)
				// A trap: what bash would run if it counted with it.
				trap := filepath.Join(root, filepath.Dir(c.site), ".web.provision", "turn")
				_ = os.WriteFile(trap, []byte("a[$(touch "+root+"/pwned)0]\n"), 0o666)
				lock, err := state.Take(t.Context(), &here{shell: s.As(c.uid)}, state.Claim{Directory: filepath.Join(root, c.site), Who: "kevin@here"})
				if lock != nil {
					if err := lock.Release(t.Context(), state.Record{}); err != nil {
						t.Error(err)
					}
				}
				var refused *provision.Failure
				switch {
				case c.unsafe == nil && strings.Contains(c.name, "root's own"): // kevin may not write there
					if err == nil || provision.CodeOf(err) != "fail.lock" {
						t.Errorf("it says %v", err)
					}
				case c.unsafe == nil && err != nil:
					t.Errorf("it is not taken: %v", err)
				case c.unsafe == nil:
				case !errors.As(err, &refused) || refused.Code != "directory.unsafe" || refused.Values[0] != filepath.Join(root, c.unsafe[0]):
					t.Errorf("it says %v", err)
				default:
					_ = os.Remove(trap)
					if after := entries(t, root); !slices.Equal(after, before) {
						t.Errorf("it leaves %v", after)
					}
				}
			})
		}
	})
}

func entries(t *testing.T, root string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A folder that somebody else makes at the last moment is not taken for the site's.
func TestMakeFolder(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		root := folders(t, "t 1777 root", "t/theirs 777 mallory", "h 755 kevin")
		for name, code := range map[string]string{"h/dev/web": "", "t/mine": "", "t/theirs": "directory.unsafe"} {
			out, err := (&here{shell: s.As(kevin)}).output(t.Context(), state.MakeFolder(filepath.Join(root, name)))
			if err = state.MadeFolder("cloud", "kevin", out, err); provision.CodeOf(err) != code || code == "" && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestWhatToDoAboutAFolder(t *testing.T) {
	for _, c := range []struct {
		folder state.Folder
		remedy string
	}{
		{state.Folder{Path: "/srv/my web", Owner: 0, Mode: "drwxrwxrwx"}, "sudo chmod go-w '/srv/my web'"},
		{state.Folder{Path: "/home/kevin", Owner: kevin, Mode: "drwxrwxr-x+"}, "chmod go-w /home/kevin"},
		{state.Folder{Path: "/tmp/web", Owner: mallory, Mode: "drwxr-xr-x"}, "sudo chown -h kevin /tmp/web"},
		{state.Folder{Path: "/tmp/web", Owner: mallory, Mode: "drwxrwxrwx"}, "sudo chown -h kevin /tmp/web && sudo chmod go-w /tmp/web"},
		{state.Folder{Path: "/tmp/web", Owner: mallory, Mode: "lrwxrwxrwx"}, "sudo chown -h kevin /tmp/web"},
	} {
		failure := c.folder.Failure("cloud", "kevin", kevin)
		if failure.Values[4] != c.remedy {
			t.Errorf("%+v: %v", c.folder, failure)
		}
		for _, tag := range language.Tags() {
			for _, suffix := range []string{"", ".cause", ".fix"} {
				if words := language.New(tag).T(failure.Code+suffix, failure.Values...); strings.Contains(words, "%!") || strings.HasPrefix(words, failure.Code) {
					t.Errorf("%s: %s", tag, words)
				}
			}
		}
	}
	if err := state.MadeFolder("cloud", "kevin", []byte("nonsense"), &remote.ExitError{Code: state.UnsafeExit}); err == nil {
		t.Error("a host that prints nonsense is believed")
	}
}
