// Package setup is the interview that a first inventory comes from: its questions, what this machine offers for them, what is
// right and what follows from the answers, and the file. The wizard's form, its plain mode and `provision init` only draw it.
package setup

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// Setup makes an inventory at a path.
type Setup struct {
	File      string // the inventory.yaml to write
	Words     *language.Printer
	SSHConfig string // path of the SSH configuration; "": as OpenSSH does
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
			return inv, failure("setup.port", a[Port])
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
	text := inventory.Template(inv, s.Words)
	if _, err := inventory.Parse(s.File, s.dir(), text); err != nil {
		return err
	}
	file, err := os.OpenFile(s.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return s.taken()
	}
	if err != nil {
		return failure("setup.unwritten", err)
	}
	_, err = file.Write(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(s.File) // a part of it would be in the way of the next try
		return failure("setup.unwritten", err)
	}
	return nil
}

// Withdraw implements Interview.
func (s Setup) Withdraw(a Answers) error {
	inv, err := s.Inventory(a)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(s.File)
	if err != nil {
		return failure("setup.unwritten", err)
	}
	if !bytes.Equal(content, inventory.Template(inv, s.Words)) {
		return s.taken()
	}
	if err := os.Remove(s.File); err != nil {
		return failure("setup.unwritten", err)
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
	return failure("setup.taken", s.File)
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

// failure is an answer that is wrong.
func failure(code string, values ...any) error {
	return provision.Fail(code, values...).WithExit(provision.ExitUsage)
}

// take sets a file of the pair to its answer, and to none where the answer is empty: a site over plain http.
func take(file *string, a Answers, name string) {
	if answer, given := a[name]; given {
		*file = filepath.ToSlash(answer)
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
