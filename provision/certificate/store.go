package certificate

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/kehuo/provision/provision"
)

// What lies in the folder of a set of names. Key and chain are one file, so that there is never half a pair.
const (
	pairFile    = "pair.pem"
	renewalFile = "renewal.json"
	lockFile    = "lock"

	maxFile = 256 << 10 // bytes
)

// Load reads the pair from this machine; the zero value where there is none.
func (k *Keeper) Load() (Pair, error) {
	file := filepath.Join(k.Folder(), pairFile)
	content, err := readFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Pair{}, nil
	}
	if err != nil {
		return Pair{}, provision.Fail("acme.store-unread", file, err)
	}
	pair, err := ParsePair(content, nil)
	if err != nil {
		return Pair{}, provision.Fail("acme.store-broken", file, err)
	}
	return pair, nil
}

// ParsePair reads a chain and its key, as PEM and in one text or two.
func ParsePair(chain, key []byte) (Pair, error) {
	var pair Pair
	rest := append(append(slices.Clip(chain), '\n'), key...)
	key = nil
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			pair.Chain = append(pair.Chain, pem.EncodeToMemory(block)...)
		} else {
			key = pem.EncodeToMemory(block)
		}
	}
	loaded, err := tls.X509KeyPair(pair.Chain, key)
	if err != nil {
		return Pair{}, err
	}
	pair.Leaf, pair.Key = loaded.Leaf, provision.NewSecret(string(key))
	return pair, nil
}

// save keeps a pair.
func (k *Keeper) save(p Pair) error {
	return k.write(pairFile, append([]byte(p.Key.Reveal()), p.Chain...))
}

// Forget removes the pair: it is worth nothing any more.
func (k *Keeper) Forget() error { return os.RemoveAll(k.Folder()) }

// renewal is what the CA said of when a certificate is to be renewed.
type renewal struct {
	Fingerprint string    `json:"fingerprint"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	AskAgain    time.Time `json:"ask_again"` // not before that
}

// known is what the CA said last of a certificate; the zero value where it never did.
func (k *Keeper) known(p Pair) renewal {
	content, err := readFile(filepath.Join(k.Folder(), renewalFile))
	var r renewal
	if err != nil || json.Unmarshal(content, &r) != nil || r.Fingerprint != p.Fingerprint() {
		return renewal{}
	}
	return r
}

func (k *Keeper) write(name string, content []byte) error {
	folder := k.Folder()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, name), content)
}

// lock keeps other runs of this user's from the same set of names, as long as an order takes.
func (k *Keeper) lock() (unlock func(), err error) {
	if err := os.MkdirAll(k.Folder(), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(k.Folder(), lockFile))
	if taken, err := lock.TryLock(); err != nil {
		return nil, err
	} else if !taken {
		return nil, errBusy
	}
	return func() { _ = lock.Close() }, nil
}

var errBusy = errors.New("another run has the lock")

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, maxFile))
}

// writeFile replaces a file at once. The user alone may read it.
func writeFile(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".*") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
