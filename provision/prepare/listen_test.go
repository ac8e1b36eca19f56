//go:build unix

package prepare

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/shell/shelltest"
)

// TestListen has a port answer with a word, with each of the tools that a host may have for it.
func TestListen(t *testing.T) {
	tools := map[string]string{"perl": "/usr/bin/perl", "busybox": ""}
	tools["busybox"], _ = exec.LookPath("busybox")
	if python, err := exec.CommandContext(t.Context(), "python3", "-c", "import sys; print(sys.executable)").Output(); err == nil {
		tools["python3"] = strings.TrimSpace(string(python))
	}
	for tool, path := range tools {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			folder := shelltest.Folder(t)
			for _, link := range [][2]string{{path, tool}, {"/bin/date", "date"}, {"/bin/sleep", "sleep"}} {
				if err := os.Symlink(link[0], filepath.Join(folder, link[1])); err != nil {
					t.Fatal(err)
				}
			}
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			port := free.Addr().(*net.TCPAddr).Port
			_ = free.Close()
			cmd := shelltest.Sh().Only(folder).Command(t.Context(), Listen(2, "word", []int{port}))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := ""
			for begun := time.Now(); said == "" && time.Since(begun) < 3*time.Second; time.Sleep(20 * time.Millisecond) {
				if conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
					content, _ := io.ReadAll(conn)
					said = string(content)
					_ = conn.Close()
				}
			}
			if err := cmd.Wait(); err != nil || said != "word" {
				t.Errorf("it says %q and ends with %v", said, err)
			}
		})
	}
}
