package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// TestDigestStays: the digest of a tree is part of labels on hosts, so that another one would replace every container.
func TestDigestStays(t *testing.T) {
	root := t.TempDir()
	site := maps.Clone(oddNames)
	maps.Copy(site, files{
		"Dockerfile": "FROM x\n", ".dockerignore": "*.log\nsecret/**\n!secret/keep\nssl_files\nDockerfile\n**/cache-[0-9]?\n", ".provisionignore": "made-there\n",
		"a.log": "log", "b/c.log": "log", "secret/x": "x", "secret/keep": "k", "made-there/y": "y", "cache-1a/z": "z", "deep/er/cache-22/z": "z",
		"ssl_files/site.key": "key", "ssl_files/site.pem": "pem", "ssl_files/other": "o", "latin1-\xe9": "e",
	})
	site.write(t, root)
	must(t, os.Chmod(filepath.Join(root, "a.log"), 0o600))
	m := scan(t, root, func(o *ScanOptions) {
		o.Private, o.Always = []string{"ssl_files/site.key"}, []string{"ssl_files/site.pem"}
	})
	if got, want := m.Digest(), "2399611a4083e568b1acb3f7a9580e833cc29941287fbf3e3e41ede2b824a300"; got != want {
		t.Errorf("the digest is %s, want %s, of %q", got, want, paths(m))
	}
}

// TestManifestOnTheHostStays: it tells a later version what an earlier one put there, and whether all is as it was.
func TestManifestOnTheHostStays(t *testing.T) {
	root := t.TempDir()
	oddNames.write(t, root)
	p := scan(t, root).predict()
	names := sha256.Sum256(p.names)
	if got, want := hex.EncodeToString(names[:]), "09ce641ef83536b25561ddff8cb7d89c2e8ba5faba8667cc5d0a0cc33125e851"; got != want {
		t.Errorf("the manifest's hash is %s, want %s", got, want)
	}
	expected := sha256.Sum256([]byte(p.expected))
	if got, want := hex.EncodeToString(expected[:]), "ffaf85d8c3086c5c50f461e3564f64bc5a08a20e48a8ad2684104e8c9d60face"; got != want {
		t.Errorf("the hash of what the host prints is %s, want %s", got, want)
	}
}
