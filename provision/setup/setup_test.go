package setup_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/setup"
)

// newSetup is a setup in a folder with a Dockerfile and nothing else.
func newSetup(t *testing.T) setup.Setup {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return setup.Setup{File: filepath.Join(dir, "inventory.yaml"), Words: language.New(language.English)}
}

// A pair that is empty on purpose is a site over plain http.
func TestAnEmptyPairIsASiteWithoutTLS(t *testing.T) {
	s := newSetup(t)
	if err := s.Write(setup.Answers{setup.Address: "cloud", setup.Source: ".", setup.Certificate: "", setup.Key: ""}); err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Load(s.File)
	if err != nil {
		t.Fatal(err)
	}
	if inv.Site.Certificate != "" || inv.Site.Key != "" || inv.Hosts[0].User != "" {
		t.Errorf("the site has the pair %q, %q, and the user is %q", inv.Site.Certificate, inv.Site.Key, inv.Hosts[0].User)
	}
}

func TestCheckOfWhatIsLeftEmpty(t *testing.T) {
	s := newSetup(t)
	for _, field := range []string{setup.User, setup.Domain, setup.Identity, setup.Certificate, setup.Key} {
		if _, err := s.Check(field, "", setup.Answers{}); err != nil {
			t.Errorf("an empty %s: %v", field, err)
		}
	}
	for key, all := range map[string]setup.Answers{"": {setup.Certificate: "Dockerfile"}, "Dockerfile": {}} {
		if _, err := s.Check(setup.Key, key, all); err == nil || provision.CodeOf(err) != "setup.pair.half" {
			t.Errorf("the key %q with the certificate %q: %v", key, all[setup.Certificate], err)
		}
	}
}

func TestATakenNameIsSaidBeforeAnythingIsAsked(t *testing.T) {
	s := newSetup(t)
	if err := s.Free(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(s.File, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Free(); err == nil || provision.CodeOf(err) != "setup.taken" {
		t.Errorf("a file that exists: %v", err)
	}
}

// siteOf is a setup beside a folder with the given files, by their paths in it.
func siteOf(t *testing.T, folder string, files map[string]string) setup.Setup {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	for name, text := range files {
		file := filepath.Join(dir, folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return setup.Setup{File: filepath.Join(dir, "inventory.yaml"), Words: language.New(language.English)}
}

// written is the inventory that the answers make, as it is read from the file.
func written(t *testing.T, s setup.Setup, a setup.Answers) *inventory.Inventory {
	t.Helper()
	if err := s.Write(a); err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Load(s.File)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func TestTheTutorialsSampleIsTheTutorialsSite(t *testing.T) {
	s := siteOf(t, "", nil)
	if err := sandbox.WriteSample(filepath.Join(filepath.Dir(s.File), "sample")); err != nil {
		t.Fatal(err)
	}
	inv := written(t, s, setup.Answers{setup.Address: "203.0.113.10", setup.User: "kevin", setup.Source: "sample"})
	want := inventory.Defaults()
	want.Source = filepath.Join(filepath.Dir(s.File), "sample")
	want.Domain = "kevinhuo.cool"                       // of the certificate
	want.Volumes, want.Options = []string{}, []string{} // as an empty list is read
	if !reflect.DeepEqual(inv.Site, want) {
		t.Errorf("the sample is\n%+v, want\n%+v", inv.Site, want)
	}
	if h := inv.Hosts[0]; h.Name != "203.0.113.10" {
		t.Errorf("the host is called %q", h.Name)
	}
}

func TestWhatIsNotGivenIsDerived(t *testing.T) {
	const static, python = "FROM nginx:1.28\nCOPY index.html /usr/share/nginx/html/\n", "FROM python:3.14\n# nginx stands before it elsewhere\nARG PORT=8080\nCOPY app.py .\nEXPOSE $PORT 9000/udp 70000 5000-5010\nCMD [\"python\", \"app.py\"]\n"
	for name, c := range map[string]struct {
		folder           string
		files            map[string]string
		answers          setup.Answers
		site, directory  string
		image, container string
		server           string
		ports            []string
	}{
		"a static site": {"shop", map[string]string{"Dockerfile": static, "index.html": "hello"}, setup.Answers{setup.User: "deploy"},
			"shop", "/home/deploy/dev/shop", "shop:server", "shop", "nginx", []string{"80:80"}},
		"an application": {"Api.v2/src", map[string]string{"Dockerfile": python, "app.py": "print()"}, setup.Answers{setup.User: "deploy"},
			"api.v2", "/home/deploy/dev/api.v2", "api-v2:server", "api.v2", "", []string{"8080:8080"}},
		"root": {"shop", map[string]string{"Dockerfile": static}, setup.Answers{setup.User: "root", setup.Name: "x"},
			"x", "/root/x", "x:server", "x_web", "nginx", []string{"80:80"}},
		"the user of an alias": {"shop", map[string]string{"Dockerfile": static, "../.ssh/config": "Host cloud\n  User admin\n"}, setup.Answers{},
			"shop", "/home/admin/dev/shop", "shop:server", "shop", "nginx", []string{"80:80"}},
		"a folder without a telling name": {"site", map[string]string{"Dockerfile": "FROM base\nCOPY *.conf /etc/nginx/conf.d/\n", "web.conf": "# nginx\nuser nginx;\n"},
			setup.Answers{setup.User: `CORP\bob`},
			"myweb", "/home/bob/dev/myweb", "myweb_image:server", "myweb_https", "nginx", []string{"80:80"}},
		"everything is given": {"shop", map[string]string{"Dockerfile": static}, setup.Answers{setup.Name: "myweb", setup.Directory: "/srv/one"},
			"myweb", "/srv/one", "myweb_image:server", "myweb_https", "nginx", []string{"80:80"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.answers[setup.Address], c.answers[setup.Source] = "cloud", c.folder
			got := written(t, siteOf(t, c.folder, c.files), c.answers).Site
			var ports []string
			for _, p := range got.Ports {
				ports = append(ports, p.String())
			}
			if got.Name != c.site || got.Directory != c.directory || got.Image != c.image || got.Container != c.container || got.Server != c.server || !slices.Equal(ports, c.ports) {
				t.Errorf("it is %+v, want %+v", got, c)
			}
			if len(got.Command) > 0 || got.Certificate != "" || got.Key != "" {
				t.Errorf("what the source does not have is in it: %+v", got)
			}
		})
	}
}

func TestHostsAreNamedAfterTheirAddress(t *testing.T) {
	s := newSetup(t)
	for address, want := range map[string]string{"cloud": "cloud", "203.0.113.10": "203.0.113.10", "2001:db8::1": "2001-db8--1", "::1": "1", "::": "cloud", "_x": "x"} {
		if inv, err := s.Inventory(setup.Answers{setup.Address: address}); err != nil || inv.Hosts[0].Name != want {
			t.Errorf("%s is called %q, %v; want %q", address, inv.Hosts[0].Name, err, want)
		}
	}
}

// The offers follow what was answered: whoever says deploy is not offered the folder of the tutorial's user.
func TestOffersFollowTheAnswers(t *testing.T) {
	s := siteOf(t, "shop", map[string]string{"Dockerfile": "FROM scratch\n"})
	found := s.Suggest()
	if !slices.Equal(found[setup.Name], []string{"shop"}) || !slices.Equal(found[setup.Directory], []string{"/home/kevin/dev/shop"}) {
		t.Errorf("%q in %q is offered", found[setup.Name], found[setup.Directory])
	}
	found = s.Follow(found, setup.Answers{setup.User: "deploy", setup.Name: "two"})
	if !slices.Equal(found[setup.Directory], []string{"/home/deploy/dev/two"}) {
		t.Errorf("%q is offered", found[setup.Directory])
	}
	all := setup.Answers{setup.User: "deploy", setup.Address: "cloud"}
	if note, err := s.Check(setup.Directory, "/home/kevin/dev/two", all); err != nil || !strings.Contains(note, "/home/deploy/dev/two would be its own") {
		t.Errorf("another user's home: %q, %v", note, err)
	}
	if note, err := s.Check(setup.Directory, "/home/deploy/sites/two", all); note != "" || err != nil {
		t.Errorf("the user's own home: %q, %v", note, err)
	}
}

// typist types answers in order and keeps what is shown.
type typist struct {
	answers []string
	shown   []string
}

func (p *typist) Say(text string) { p.shown = append(p.shown, text) }

func (p *typist) Line(prompt string) (string, error) {
	if len(p.answers) == 0 {
		return "", errors.New("nobody answers " + prompt)
	}
	p.shown = append(p.shown, prompt+p.answers[0])
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return answer, nil
}

// Whoever asks line by line, init or the wizard's plain mode, asks the same: until an answer is right, and nothing that follows
// from another.
func TestAskUntilEveryAnswerIsRight(t *testing.T) {
	s := siteOf(t, "shop", map[string]string{"Dockerfile": "FROM scratch\n", "some.pem": ""})
	p := &typist{answers: []string{"", "kevin@cloud", "cloud", "", "deploy", "", "", "", "", "-"}}
	given := setup.Answers{setup.Domain: "kevinhuo.cool"}
	if err := setup.Ask(t.Context(), s, s.Words, p, setup.Questions(), given); err != nil {
		t.Fatalf("%v after %s", err, strings.Join(p.shown, "\n"))
	}
	want := setup.Answers{setup.Address: "cloud", setup.Port: "22", setup.User: "deploy", setup.Identity: "", setup.Name: "shop", setup.Source: "shop",
		setup.Directory: "/home/deploy/dev/shop", setup.Domain: "kevinhuo.cool", setup.Certificate: "", setup.Key: ""}
	if !maps.Equal(given, want) {
		t.Errorf("the answers are %v, want %v", given, want)
	}
	shown := strings.Join(p.shown, "\n")
	for _, text := range []string{"  This is required.", `  "kevin@cloud" has a user in it`, "Folder on the host [/home/deploy/dev/shop]: ", "- leaves it empty.", "  Dockerfile found."} {
		if !strings.Contains(shown, text) {
			t.Errorf("%q is not in\n%s", text, shown)
		}
	}
	if strings.Contains(shown, "Private key") || strings.Contains(shown, "Domain") {
		t.Errorf("it asked what follows from another answer, or was given:\n%s", shown)
	}
}

// The wizard leaves out what can be derived, and the answers still make a whole inventory.
func TestFirstQuestionsAreEnough(t *testing.T) {
	for _, q := range setup.FirstQuestions() {
		if q.Name == setup.Name {
			t.Error("the wizard asks for the site's name")
		}
	}
	if len(setup.FirstQuestions()) != len(setup.Questions())-2 {
		t.Error("the wizard leaves out more than the site's name and its ports")
	}
}

// A pipe in the place of what offers are made from is passed over at once.
func TestPipesOfferNothing(t *testing.T) {
	s := newSetup(t)
	dir := filepath.Dir(s.File)
	if err := os.Mkdir(filepath.Join(dir, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".ssh/config", "site.pem", "site.key"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if found := s.Suggest(); len(found[setup.Domain]) > 0 || len(found[setup.Address]) > 0 {
		t.Errorf("offers are %v", found)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWhatWasWrittenCanBeWithdrawnUntilSomebodyChangesIt(t *testing.T) {
	s := newSetup(t)
	answers := setup.Answers{setup.Address: "cloud", setup.Source: ".", setup.Certificate: "", setup.Key: ""}
	for _, err := range []error{s.Write(answers), s.Withdraw(answers), s.Free(), s.Write(answers)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.OpenFile(s.File, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString("# mine\n")
	}
	if err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(answers); provision.CodeOf(err) != "setup.taken" {
		t.Errorf("a file that somebody has changed: %v", err)
	}
}
