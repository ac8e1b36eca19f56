//go:build unix

package site

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/language"
)

// A named pipe in the place of a file is told of, and not waited for.
func TestPipesAreNotRead(t *testing.T) {
	for _, name := range []string{"Dockerfile", ".dockerignore", "resource/default.conf", "start.sh", "ssl_files/it.pem", "ssl_files/it.key"} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range map[string]string{
				"Dockerfile":            "FROM nginx\nCOPY resource/default.conf /etc/nginx/conf.d/\nCOPY start.sh /\nCMD [\"bash\", \"./start.sh\"]\n",
				"resource/default.conf": "server { listen 80; }\n", "start.sh": "nginx\n", "ssl_files/it.pem": "x", "ssl_files/it.key": "x",
			} {
				path := filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			pipe := filepath.Join(root, name)
			if err := os.Remove(pipe); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(pipe, 0o644); err != nil {
				t.Fatal(err)
			}
			done := make(chan Report, 1)
			go func() {
				asked := Site{Certificate: "ssl_files/it.pem", Key: "ssl_files/it.key", Server: "nginx", Command: []string{"bash", "./start.sh"}}
				done <- Examine(Read(os.DirFS(root), asked, time.Now()), language.New(language.English))
			}()
			select {
			case report := <-done:
				// The ignore file and the script are told of by the scan of the tree.
				if name != ".dockerignore" && name != "start.sh" && !slices.ContainsFunc(report.Problems, func(p Problem) bool { return p.Finding.Code == "site.file-special" && p.File == name }) {
					t.Errorf("it is not told of: %+v", report.Problems)
				}
			case <-time.After(2 * time.Second):
				t.Fatal("it is waited for")
			}
		})
	}
}
