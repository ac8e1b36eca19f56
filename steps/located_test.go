package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

const locatedDockerfile = `FROM python:3.12
WORKDIR /app
COPY requirements.txt ./
RUN pip install \
    -r requirements.txt
COPY src/ /app/
COPY resource/default.conf /etc/nginx/conf.d/
`

func TestAFailureIsLocatedInTheFilesOfTheSite(t *testing.T) {
	h := siteOn(language.English, false, tcp(80, 80))
	h.Inventory.Site.Source = t.TempDir()
	for name, content := range map[string]string{
		"Dockerfile": locatedDockerfile, "requirements.txt": "flask==3.0\n# a list\nFlask_Restfull>=1 ; extra\n",
		"src/app.py": "", "src/lib/db.py": "", "resource/default.conf": "", "src/server.js": "",
	} {
		path := filepath.Join(h.Inventory.Site.Source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		step, printed, evidence string
		file                    string
		line                    int
	}{
		"the innermost frame of the site": {Run, "File \"/usr/lib/gunicorn/arbiter.py\", line 600\n  File \"/app/app.py\", line 3, in <module>\n" +
			"  File \"/app/lib/db.py\", line 12, in connect\n  File \"/usr/lib/socket.py\", line 9\nConnectionError: no", "ConnectionError: no", "src/lib/db.py", 12},
		"a relative path":             {Run, "  File \"app.py\", line 7", "", "src/app.py", 7},
		"Node, the innermost first":   {Run, "/app/server.js:10\n    at Object.<anonymous> (/app/app.py:1:5)", "", "src/server.js", 10},
		"nginx":                       {Image, "", "nginx: [emerg] unknown directive \"x\" in /etc/nginx/conf.d/default.conf:12", "resource/default.conf", 12},
		"a package of the list":       {Build, "Step 4/6 : RUN pip install     -r requirements.txt", "ERROR: No matching distribution found for flask-restfull", "requirements.txt", 3},
		"the line that pip names":     {Build, "Step 4/6 : RUN pip install     -r requirements.txt", "Could not find it (from -r requirements.txt (line 1))", "requirements.txt", 1},
		"pip for another reason":      {Build, "Step 4/6 : RUN pip install     -r requirements.txt", "Temporary failure in name resolution", "Dockerfile", 4},
		"an instruction":              {Build, "Step 5/6 : COPY src/ /app/", "COPY failed: no space", "Dockerfile", 6},
		"BuildKit's place":            {Build, " > [4/5] RUN something else:\nDockerfile:6\n------", "failed", "Dockerfile", 6},
		"a file of the image's own":   {Run, "File \"/opt/other.py\", line 3", "", "", 0},
		"a step that has no output":   {Files, "File \"/app/app.py\", line 3", "", "", 0},
		"a path that leads elsewhere": {Run, "File \"/app/../etc/passwd\", line 3", "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			findings := []provision.Finding{{Severity: provision.SeverityWarning}, {Severity: provision.SeverityError, Evidence: c.evidence}}
			got := h.located(c.step, findings, strings.Split(c.printed, "\n"))[1]
			if got.File != c.file || got.Line != c.line {
				t.Errorf("got %s:%d, want %s:%d", got.File, got.Line, c.file, c.line)
			}
		})
	}
}
