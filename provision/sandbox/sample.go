package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// The sample's certificate pair, relative to the site.
const (
	sampleDomain      = "kevinhuo.cool"
	sampleCertificate = "ssl_files/kevinhuo_cool.pem"
	sampleKey         = "ssl_files/kevinhuo_cool.key"
)

// sampleDays is how long the sample's certificate is valid: a year and a month,
// about what certificate authorities give.
const sampleDays = 397

//go:embed all:sample
var sample embed.FS

// WriteSample writes the sample site into dir: Dockerfile, resource, start.sh,
// app, and ssl_files with a self-signed certificate for kevinhuo.cool made on
// the spot. Files that are there already stay as they are, so an edited sample
// keeps its edits.
func WriteSample(dir string) error {
	err := fs.WalkDir(sample, "sample", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := sample.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel("sample", filepath.FromSlash(path))
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if filepath.Ext(relative) == ".sh" {
			mode = 0o755
		}
		return writeNew(filepath.Join(dir, relative), content, mode)
	})
	if err == nil {
		err = WritePair(sampleDomain, filepath.Join(dir, filepath.FromSlash(sampleCertificate)), filepath.Join(dir, filepath.FromSlash(sampleKey)))
	}
	if err != nil {
		return fmt.Errorf("cannot write the sample site to %s: %w", dir, err)
	}
	return nil
}

// writeNew writes a file unless there is one.
func writeNew(path string, content []byte, mode fs.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return writeFile(path, content, mode)
}

// WritePair makes a self-signed certificate for a domain and its key unless either is there: half a pair
// is left for the person to mend, because a new half would not fit it.
func WritePair(domain, certificate, key string) error {
	for _, path := range []string{certificate, key} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: domain},
		DNSNames:              []string{domain, "www." + domain},
		NotBefore:             now.Add(-time.Hour), // a host whose clock is a little behind takes it too
		NotAfter:              now.AddDate(0, 0, sampleDays),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := writeNew(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return err
	}
	return writeNew(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}
