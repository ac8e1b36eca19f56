package site

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Why a zip has no pair.
var (
	errNoZip  = errors.New("is not a zip file")
	errNoPair = errors.New("has no .pem and .key file in it; download the certificate for nginx")
)

// mostBundled bounds how many files a zip with a pair may have.
const mostBundled = 100

// ReadPair reads certificate and key, as PEM, from the zip that the site has them in.
func ReadPair(root fs.FS, s Site) (certificate, key []byte) {
	c, k := readBundle(root, s.Certificate)
	return c.Content, k.Content
}

// readBundle reads certificate and key from a zip as Alibaba's console gives it. Nobody mends what is in there.
func readBundle(root fs.FS, name string) (certificate, key File) {
	certificate, key = File{Path: name}, File{Path: name}
	text, mode, err := content(root, name)
	certificate.Mode, key.Mode = mode, mode
	if err == nil {
		err = unpackPair(text, &certificate.Content, &key.Content)
	}
	certificate.Err, key.Err = err, err
	certificate.raw, key.raw = certificate.Content, key.Content
	return certificate, key
}

func unpackPair(text []byte, certificate, key *[]byte) error {
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return errNoZip
	}
	for _, f := range archive.File[:min(len(archive.File), mostBundled)] {
		to := certificate
		switch strings.ToLower(path.Ext(f.Name)) {
		case ".pem", ".crt":
		case ".key":
			to = key
		default:
			continue
		}
		if len(*to) > 0 {
			continue
		}
		file, err := f.Open()
		if err != nil {
			return err
		}
		raw, err := io.ReadAll(io.LimitReader(file, maxFile))
		_ = file.Close()
		if err != nil {
			return err
		}
		*to, _ = decode(raw)
	}
	if len(*certificate) == 0 || len(*key) == 0 {
		return errNoPair
	}
	return nil
}
