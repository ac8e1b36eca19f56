// Package setup turns a person's answers into a first inventory: it finds what this machine offers, checks each answer as it
// is given, and writes the file. The wizard's form and `provision init` stand on it.
package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// The answers that a first inventory needs, by the names that the form and the flags of init share.
const (
	Name        = "name"
	Address     = "address"
	Port        = "port"
	User        = "user"
	Identity    = "identity"
	Source      = "source"
	Directory   = "directory"
	Domain      = "domain"
	Certificate = "certificate"
	Key         = "key"
)

// Answers are what a person said, by name. What is missing is derived from the rest and from the source; a pair of empty files
// is none at all.
type Answers map[string]string

// Setup makes an inventory at a path.
type Setup struct {
	File  string // the inventory.yaml to write
	Words *language.Printer
}

func (s Setup) dir() string {
	dir, err := filepath.Abs(filepath.Dir(s.File))
	if err != nil {
		return filepath.Dir(s.File)
	}
	return dir
}

// Inventory is the inventory that the answers make.
func (s Setup) Inventory(a Answers) (inventory.Inventory, error) {
	inv := inventory.Inventory{File: s.File, Dir: s.dir(), Site: s.site(a)}
	host := inventory.Host{Name: hostName(a[Address]), Address: a[Address], User: a[User]}
	if a[Port] != "" && a[Port] != "22" {
		port, err := strconv.Atoi(a[Port])
		if err != nil {
			return inv, fmt.Errorf("%q is not a port; write a number such as 22", a[Port])
		}
		host.Port = port
	}
	if a[Identity] != "" {
		host.Identity = s.path(a[Identity])
	}
	inv.Hosts = []inventory.Host{host}
	return inv, nil
}

// Write writes the inventory, and reads it back: what is wrong with it is said as for any other. A file that exists is left
// as it is.
func (s Setup) Write(a Answers) error {
	inv, err := s.Inventory(a)
	if err != nil {
		return err
	}
	text := inventory.Template(inv)
	if _, err := inventory.Parse(s.File, s.dir(), text); err != nil {
		return err
	}
	file, err := os.OpenFile(s.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return s.taken()
	}
	if err != nil {
		return fmt.Errorf("write the inventory: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(s.File) // a part of it would be in the way of the next try
		return fmt.Errorf("write the inventory %s: %w", s.File, err)
	}
	return nil
}

// Free says whether there is room for the inventory: Write overwrites nothing.
func (s Setup) Free() error {
	if _, err := os.Lstat(s.File); err == nil {
		return s.taken()
	}
	return nil
}

func (s Setup) taken() error {
	return fmt.Errorf("%s exists already and is left as it is; remove it, or name another with --inventory", s.File)
}

// path makes a path of this machine absolute: relative ones refer to the inventory's folder, ~/ to the home folder.
func (s Setup) path(p string) string {
	if len(p) > 1 && p[0] == '~' && os.IsPathSeparator(p[1]) {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, p[2:])
		}
	}
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(s.dir(), p)
}

// take sets a file of the pair to its answer, and to none where the answer is empty: a site over plain http.
func take(file *string, a Answers, name string) {
	if answer, given := a[name]; given {
		*file = filepath.ToSlash(answer)
	}
}

func set(field *string, answer string) {
	if answer != "" {
		*field = answer
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
