package sandbox

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
)

// The files of a host, in a directory of its own.
const (
	identityFile   = "id_ed25519"
	knownHostsFile = "known_hosts"
	inventoryFile  = "inventory.yaml"
	siteDir        = "site"
)

func hostDir(dir, name string) string { return filepath.Join(dir, name) }

// ensureIdentity returns the public half of the key in dir, as a line of
// authorized_keys, making the key if there is none.
func ensureIdentity(dir string) (authorizedKey []byte, fresh bool, err error) {
	path := filepath.Join(dir, identityFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		authorizedKey, err = makeIdentity(path)
		return authorizedKey, true, err
	}
	if err != nil {
		return nil, false, fmt.Errorf("cannot read the sandbox host's key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, false, fmt.Errorf("cannot use the sandbox host's key %s: %w; remove the file to have a new one made", path, err)
	}
	return ssh.MarshalAuthorizedKey(signer.PublicKey()), false, nil
}

func makeIdentity(path string) ([]byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key for the sandbox host: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "kevin@sandbox")
	if err != nil {
		return nil, fmt.Errorf("cannot make a key for the sandbox host: %w", err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key for the sandbox host: %w", err)
	}
	if err := writeFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, fmt.Errorf("cannot keep the sandbox host's key: %w", err)
	}
	return ssh.MarshalAuthorizedKey(key), nil
}

// trust writes the host's known_hosts. The key is read through the engine, so
// it is known to be the host's and not taken on faith from the network.
func (e engine) trust(ctx context.Context, host Host) error {
	public, err := e.exec(ctx, host.Container, nil, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
	if err != nil {
		return fmt.Errorf("cannot read the host key of sandbox host %s: %w", host.Name, err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		return fmt.Errorf("cannot read the host key of sandbox host %s: %w", host.Name, err)
	}
	line := host.Address + " " + string(ssh.MarshalAuthorizedKey(key))
	if err := writeFile(host.KnownHosts, []byte(line), 0o644); err != nil {
		return fmt.Errorf("cannot keep the host key of sandbox host %s: %w", host.Name, err)
	}
	return nil
}

// files writes the sample site and the inventory of the hosts that were asked
// for together. A site that is there already is left as it is.
func (u *upper) files(ctx context.Context) error {
	unlock, err := lock(ctx, addressLock)
	if err != nil {
		return err
	}
	defer unlock()
	set := hostDir(u.options.Dir, u.options.Name)
	if err := WriteSample(filepath.Join(set, siteDir)); err != nil {
		return err
	}
	return u.engine.writeInventory(ctx, set)
}

// writeInventory writes the inventory of the hosts whose set has its files in dir.
func (e engine) writeInventory(ctx context.Context, set string) error {
	hosts, err := e.hosts(ctx, func(h Host) bool { return filepath.Dir(h.Inventory) == set })
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(set, inventoryFile), []byte(inventory(hosts)), 0o644); err != nil {
		return fmt.Errorf("cannot write the sandbox's inventory: %w", err)
	}
	return nil
}

// inventory is the text of an inventory.yaml that deploys the sample site to
// the hosts. What it leaves out has the tutorial's value by default.
func inventory(hosts []Host) string {
	var b strings.Builder
	b.WriteString(`# Reaches the sandbox on this machine: provision --inventory THIS-FILE
site:
  name: myweb
  source: ./` + siteDir + `
  directory: /home/kevin/dev/myweb
  image: myweb_image:server
  container: myweb_https
  ports: ["80:80", "443:443"]
  command: bash ./start.sh
  domain: ` + sampleDomain + `
  certificate: ` + sampleCertificate + `
  key: ` + sampleKey + `
hosts:
`)
	for _, h := range hosts {
		// A JSON string, which strconv.Quote gives for all but control
		// characters, is a YAML string too.
		fmt.Fprintf(&b, "  - name: %s\n    address: %s\n    port: %d\n    user: %s\n    identity: %s\n    known_hosts: %s\n",
			strconv.Quote(h.Name), h.Address, h.Port, h.User, strconv.Quote(h.Identity), strconv.Quote(h.KnownHosts))
		if h.PrepareAs != "" {
			fmt.Fprintf(&b, "    prepare_as: %s\n", h.PrepareAs)
		}
	}
	return b.String()
}

// writeFile writes a file whole or not at all, with its directory.
func writeFile(path string, content []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
