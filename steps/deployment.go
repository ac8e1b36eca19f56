// Package steps is the tutorial: its eleven steps, a file each, in order. It is the only place that knows their order.
package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/docker"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/provision/transfer"
	"github.com/kehuo/provision/provision/tree"
)

// Deployment is the local side of a run, the same for all of its hosts: what the inventory wants and what the source holds.
type Deployment struct {
	Inventory *inventory.Inventory
	Words     *language.Printer
	Manifest  *tree.Manifest
	Tree      string // digest of the files and of how they are built; empty for a deployment without its source
	Report    site.Report
	Recipe    docker.Recipe
	Spec      docker.Spec
	Release   string // what this source with these settings is called
	Who       string // user@machine, for the lock and the history
	Mended    []site.Mended
	WaitLock  time.Duration // how long to wait for another run that holds the lock
	Reading   Reading       // how the hosts read the site's files
	// Lookup asks the DNS where visitors are sent; nil: nobody is asked.
	Lookup    survey.Lookup
	Diffs     bool      // plans show what differs in texts; it costs a question to the host where something does
	MakeReady MakeReady // nil: a host that is not ready ends its run

	rollout     *rollout
	gate        *remote.Gate // of the connections to all hosts
	unread      bool         // before_build comes before the source is read
	registries  *images.Registries
	obtained    *obtained          // the certificate that the program obtains; nil: the site brings its own
	placed      placed             // where that lies on a host
	environment provision.Secret   // what the host gets of the environment file
	secrets     []provision.Secret // its values
	variables   []string           // their names, where a change of how they reach the container is told
}

// Reading says how files are looked at, here and on the hosts. What is to be removed there is the inventory's to say.
type Reading = transfer.Reading

// NewDeployment reads the source. It connects to nothing; what is wrong with the site's own files is left to the steps that
// ask for them, in Report.
func NewDeployment(ctx context.Context, inv *inventory.Inventory, words *language.Printer, how Reading) (*Deployment, error) {
	d := unread(inv, words, how)
	var err error
	if d.Manifest, err = scan(ctx, inv, how.Verify); err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	d.Report.Problems = append(d.Report.Problems, exposed(d.Manifest, words)...)
	if err := d.keepCertificate(); err != nil {
		return nil, err
	}
	if err := d.specify(); err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	d.Recipe = recipe(inv.Site.Build)
	d.Tree = d.Recipe.Digest(d.Manifest.Digest())
	d.Release = docker.Release(d.Tree, d.Spec)
	return d, nil
}

// Mend is NewDeployment for a run, after what can be put right of the site's own files was offered to the decider, or is agreed already.
// A source that before_build has still to make is read by the first host that is reached.
func Mend(ctx context.Context, inv *inventory.Inventory, words *language.Printer, decider provision.Decider, agreed bool, how Reading) (*Deployment, error) {
	mended, err := site.OfferFixes(ctx, inv.Site.Source, examine(inv, words), words, decider, agreed)
	if err != nil {
		return nil, err
	}
	var d *Deployment
	if inv.Site.Hooks.BeforeBuild != "" {
		d = unread(inv, words, how)
		d.unread, d.Manifest, d.rollout.source = true, &tree.Manifest{}, inv
		err = provision.WithExit(provision.ExitUsage, d.specify())
	} else {
		d, err = NewDeployment(ctx, inv, words, how)
	}
	if err != nil {
		return nil, err
	}
	d.Mended = mended
	return d, nil
}

// unread is a deployment whose files are not known yet.
func unread(inv *inventory.Inventory, words *language.Printer, how Reading) *Deployment {
	how.Remove = inv.Site.Delete
	cache, _ := images.CacheFolder() // whoever needs one there is told
	return &Deployment{
		Inventory: inv, Words: words, Reading: how, Who: whoami(), Report: examine(inv, words), rollout: newRollout(words), gate: &remote.Gate{},
		registries: &images.Registries{Mirrors: inv.Site.Mirrors, Folder: cache},
	}
}

// examine looks at the site's own files; what is wrong with them is the steps' to say.
func examine(inv *inventory.Inventory, words *language.Printer) site.Report {
	return site.Examine(site.Read(os.DirFS(inv.Site.Source), site.Of(inv.Site), time.Now()), words)
}

// Survey is the source as doctor looks at it.
func (d *Deployment) Survey() survey.Source {
	return survey.Source{Site: d.Inventory.Site, Files: len(d.Manifest.Entries), Bytes: d.Manifest.Size(), Report: d.Report}
}

// Installed is a deployment without its source: enough to look at what is on the hosts, to go back, to take it down.
func Installed(inv *inventory.Inventory, words *language.Printer) *Deployment {
	return &Deployment{Inventory: inv, Words: words, Who: whoami(), gate: &remote.Gate{}}
}

func scan(ctx context.Context, inv *inventory.Inventory, anew bool) (*tree.Manifest, error) {
	s := inv.Site
	options := tree.Options{
		Root: s.Source, Upload: s.Upload, Never: inside(s.Source, inv.Private()...),
		Anew: anew, Dockerfile: s.Build.File, Context: s.Build.Context, Ignore: s.Build.Ignore(),
	}
	if s.Bundled() {
		options.Never = append(options.Never, s.Certificate)
	}
	if old := inventory.Defaults().Key; s.BringsPair() && isFile(filepath.Join(s.Source, filepath.FromSlash(old))) {
		options.Private = []string{old} // it is not needed any more, and stays a secret
	}
	if s.Key != "" {
		options.Private, options.Always = []string{s.Key}, []string{s.Certificate}
	}
	return tree.Scan(ctx, options)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// inside are those of the files that lie in a folder, relative to it and slash-separated. Secrets and inventories often lie
// beside the Dockerfile, and none of them belongs into the image.
func inside(folder string, files ...string) []string {
	var list []string
	folder = resolved(folder)
	for _, file := range files {
		if p, err := filepath.Rel(folder, filepath.Join(resolved(filepath.Dir(file)), filepath.Base(file))); err == nil && filepath.IsLocal(p) {
			list = append(list, filepath.ToSlash(p))
		}
	}
	return list
}

// resolved is a folder's real, absolute path, or the path that was given where it has none.
func resolved(folder string) string {
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	return folder
}

// specify turns the inventory's settings into the specification of the container.
func (d *Deployment) specify() error {
	s := d.Inventory.Site
	d.Spec = docker.Spec{
		Command:     s.Command,
		Environment: s.Environment,
		Volumes:     s.Volumes,
		Options:     s.Options,
		Restart:     s.Restart,
		Init:        s.Init,
		LogMaxSize:  s.Log.MaxSize,
		LogMaxFile:  s.Log.MaxFile,
	}
	d.Spec.Volumes = append(slices.Clip(d.Spec.Volumes), d.placed.mounts...)
	d.Spec.Ports = published(s)
	if s.EnvironmentFile == "" {
		return nil
	}
	values, err := inventory.ReadEnvironment(s.EnvironmentFile)
	if err != nil {
		return err
	}
	content, err := inventory.ReadFile(s.EnvironmentFile, environmentLimit)
	if err != nil {
		return provision.Fail("fail.environment-unread", s.EnvironmentFile, err).WithExit(provision.ExitUsage)
	}
	d.variables = slices.Sorted(maps.Keys(values))
	d.secrets = slices.Collect(maps.Values(values))
	if d.Spec.SecretFiles = s.Secrets == inventory.SecretsFile; d.Spec.SecretFiles {
		for _, name := range d.variables { // docker takes more names than a folder does
			if err := inventory.CheckVariable(name); err != nil {
				return provision.Fail("fail.environment-unread", s.EnvironmentFile, err).WithExit(provision.ExitUsage)
			}
		}
		content = lines(d.variables, values)
	}
	sum := sha256.Sum256(content)
	d.environment = provision.NewSecret(string(content))
	d.Spec.EnvironmentHash = hex.EncodeToString(sum[:])
	if !d.Spec.SecretFiles {
		d.Spec.EnvironmentFile = path.Join(d.StateDir(), "environment-"+d.Spec.EnvironmentHash[:12])
	}
	return nil
}

func published(s inventory.Site) []string {
	var list []string
	for _, p := range s.Ports {
		list = append(list, p.String())
	}
	return list
}

// on is the deployment on a host, which may have settings of its own.
func (d *Deployment) on(h inventory.Host) *Deployment {
	if len(h.Environment) == 0 && len(h.Ports) == 0 && h.Domain == "" {
		return d
	}
	inv, own := *d.Inventory, *d
	inv.Site, own.Inventory = inv.On(h), &inv
	if d.Manifest != nil { // a deployment with its source
		own.Report = examine(&inv, d.Words)
		own.Report.Problems = append(own.Report.Problems, exposed(d.Manifest, d.Words)...)
		own.Spec.Environment, own.Spec.Ports = inv.Site.Environment, published(inv.Site)
		own.Release = docker.Release(d.Tree, own.Spec)
	}
	return &own
}

// Wanted is what would be deployed on a host.
func (d *Deployment) Wanted(h inventory.Host) survey.Wanted {
	d = d.on(h)
	return survey.Wanted{Release: d.Release, Tree: d.Tree, Spec: d.Spec.Digest()}
}

// environmentLimit bounds an environment file, in bytes, as the inventory does.
const environmentLimit = 1 << 20

// shortSecret is the length up to which the value of a variable is found in texts by chance.
const shortSecret = 5

// tells reports whether a text has the value of a variable of the environment file.
func (d *Deployment) tells(text string) bool {
	return slices.ContainsFunc(d.secrets, func(s provision.Secret) bool {
		return len(s.Reveal()) > shortSecret && strings.Contains(text, s.Reveal())
	})
}

// lines are variables as 09_secrets.sh reads them.
func lines(names []string, values map[string]provision.Secret) (text []byte) {
	for _, name := range names {
		text = append(text, name+"="+values[name].Reveal()+"\n"...)
	}
	return text
}

// keepCertificate reads what is here of a certificate that the program brings to the hosts.
func (d *Deployment) keepCertificate() error {
	wanted := d.Inventory.Site
	if !wanted.BringsPair() {
		return nil
	}
	d.placed = placement(d.StateDir(), d.Report)
	if wanted.Bundled() {
		pair, err := certificate.ParsePair(site.ReadPair(os.DirFS(wanted.Source), site.Of(wanted)))
		if err == nil { // else the findings say what is wrong with it
			d.obtained = &obtained{say: d.Words, now: time.Now(), pair: pair}
		}
		return nil
	}
	keeper, err := certificate.New(wanted)
	if err != nil {
		return err
	}
	if d.obtained, err = newObtained(keeper, d.Words); err != nil {
		return err
	}
	if leaf := d.obtained.pair.Leaf; leaf != nil {
		d.Report.Pair = site.Pair{NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Names: leaf.DNSNames, SHA256: d.obtained.pair.Fingerprint()}
		d.Report.Pair.RenewAt = certificate.RenewAt(leaf, keeper.KnownWindow(d.obtained.pair))
	}
	return nil
}

// fingerprint is that of the certificate that the site must show; empty: any.
func (d *Deployment) fingerprint() string {
	if d.obtained == nil {
		return d.Report.Pair.SHA256
	}
	pair, _ := d.obtained.known()
	return pair.Fingerprint()
}

// StateDir is the folder beside the site on the host.
func (d *Deployment) StateDir() string { return state.Dir(d.Inventory.Site.Directory) }

// demands are what the site must answer.
func (d *Deployment) demands() probe.Demands {
	s := d.Inventory.Site
	return probe.Demands{
		Ports: s.Ports, Health: s.Health, Server: s.Server, Domain: s.Domain, TLS: s.Certificate != "", Fingerprint: d.fingerprint(),
	}
}

// wanted is the release of this source with these settings. Its image is there once it was built.
func (d *Deployment) wanted() release.Release {
	return release.Release{ID: d.Release, Tree: d.Tree, Spec: d.Spec, Demands: d.demands(), Save: true}
}

// exposed warns of what travels with the site though mostly nobody means it to: a repository, in which everything is that was
// ever deleted from the site, and files of secrets.
func exposed(m *tree.Manifest, words *language.Printer) []site.Problem {
	var problems []site.Problem
	for _, rule := range []struct {
		code string
		is   func(tree.Entry) bool
	}{
		{"site.git-uploaded", func(e tree.Entry) bool { return e.Kind == tree.Directory && path.Base(e.Path) == ".git" }},
		{"site.secrets-uploaded", func(e tree.Entry) bool { return e.Kind == tree.File && isEnvironment(path.Base(e.Path)) }},
	} {
		at := slices.IndexFunc(m.Entries, func(e tree.Entry) bool { return !e.Unbuilt && rule.is(e) })
		if at < 0 {
			continue
		}
		name := m.Entries[at].Path
		problems = append(problems, site.Problem{Step: Files, File: name, Finding: provision.Finding{
			Severity: provision.SeverityWarning, Code: rule.code, Evidence: name,
			Cause: words.T(rule.code+".cause", name), Fix: words.T(rule.code+".fix", name),
		}})
	}
	return problems
}

// isEnvironment reports whether a file is by its name one of secrets, and not an example of one.
func isEnvironment(name string) bool {
	rest, found := strings.CutPrefix(name, ".env")
	return found && (rest == "" || rest[0] == '.') && !slices.Contains([]string{".example", ".sample", ".template", ".dist"}, path.Ext(name))
}

// whoami names the person and the machine for the lock and the history.
func whoami() string {
	name, machine := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		machine = h
	}
	return name + "@" + machine
}
