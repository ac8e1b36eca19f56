// Package steps is the tutorial: its eleven steps, a file each, in order. It is the only place that knows their order.
package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/tree"
)

// Deployment is the local side of a run, the same for all of its hosts: what the inventory wants and what the source holds.
type Deployment struct {
	Inventory *inventory.Inventory
	Words     *language.Printer
	Manifest  *tree.Manifest
	Report    site.Report
	Spec      docker.Spec
	Release   string // what this source with these settings is called
	Who       string // user@machine, for the lock and the history
	Mended    []Mended

	environment provision.Secret // content of the environment file
}

// NewDeployment reads the source. It connects to nothing; what is wrong with the site's own files is left to the steps that
// ask for them, in Report.
func NewDeployment(ctx context.Context, inv *inventory.Inventory, words *language.Printer) (*Deployment, error) {
	d := &Deployment{Inventory: inv, Words: words, Who: whoami(), Report: examine(inv, words)}
	var err error
	if d.Manifest, err = scan(ctx, inv); err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	d.Report.Problems = append(d.Report.Problems, exposed(d.Manifest, words)...)
	if err := d.specify(); err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	d.Release = docker.Release(d.Manifest.Digest(), d.Spec)
	return d, nil
}

// Installed is a deployment without its source: enough to look at what is on the hosts, to go back, to take it down.
func Installed(inv *inventory.Inventory, words *language.Printer) *Deployment {
	return &Deployment{Inventory: inv, Words: words, Who: whoami()}
}

// examine looks at the site's own files; what is wrong with them is the steps' to say.
func examine(inv *inventory.Inventory, words *language.Printer) site.Report {
	s := inv.Site
	asked := site.Site{
		Certificate: s.Certificate,
		Key:         s.Key,
		Domain:      s.Domain,
		Server:      s.Server,
		Directory:   s.Directory,
		Volumes:     s.Volumes,
		Command:     s.Command,
		Upload:      s.Upload,
	}
	for _, p := range s.Ports {
		asked.Ports = append(asked.Ports, p.Container)
	}
	return site.Examine(site.Read(os.DirFS(s.Source), asked, time.Now()), words)
}

func scan(ctx context.Context, inv *inventory.Inventory) (*tree.Manifest, error) {
	s := inv.Site
	options := tree.Options{Root: s.Source, Upload: s.Upload, Never: inside(s.Source, inv.Private()...)}
	if s.Key != "" {
		options.Private, options.Always = []string{s.Key}, []string{s.Certificate}
	}
	return tree.Scan(ctx, options)
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
	for _, p := range s.Ports {
		d.Spec.Ports = append(d.Spec.Ports, p.String())
	}
	if s.EnvironmentFile == "" {
		return nil
	}
	content, err := os.ReadFile(s.EnvironmentFile)
	if err != nil {
		return fmt.Errorf("read site.environment_file: %w", err)
	}
	sum := sha256.Sum256(content)
	d.environment = provision.NewSecret(string(content))
	d.Spec.EnvironmentHash = hex.EncodeToString(sum[:])
	d.Spec.EnvironmentFile = path.Join(d.StateDir(), "environment-"+d.Spec.EnvironmentHash[:12])
	return nil
}

// StateDir is the folder beside the site on the host.
func (d *Deployment) StateDir() string { return state.Dir(d.Inventory.Site.Directory) }

func (d *Deployment) site() inventory.Site { return d.Inventory.Site }

// releaseImage is the name that an image keeps while its release is kept: the inventory's, with the tree's digest as tag.
func (d *Deployment) releaseImage(tree string) string {
	return repository(d.site().Image) + ":" + tree[:treeInName]
}

// treeInName is how many digits of a tree's digest tell releases apart in names.
const treeInName = 12

// repository is an image's name without its tag.
func repository(image string) string {
	for i := len(image) - 1; i >= 0 && image[i] != '/'; i-- {
		if image[i] == ':' {
			return image[:i]
		}
	}
	return image
}

// saveEnvironment puts the environment file on the host, readable for its user alone, under a name made of its content: an
// earlier release keeps its own.
func (h *Host) saveEnvironment(ctx context.Context) error {
	if h.Spec.EnvironmentFile == "" {
		return nil
	}
	file := shell.Quote(h.Spec.EnvironmentFile)
	_, err := h.exec(ctx, remote.Command{
		Script: shell.Text(fmt.Sprintf("umask 077; cat >%s.new && mv -f %s.new %s", file, file, file)),
		Stdin:  strings.NewReader(h.environment.Reveal()),
	})
	if err != nil {
		return h.fail("fail.environment", h.Name(), err)
	}
	return nil
}
