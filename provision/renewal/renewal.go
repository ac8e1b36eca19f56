// Package renewal brings a certificate that the program obtained into service on a host, and has the host renew it by itself: a timer
// there runs a program of ours once a day, see [Run].
package renewal

import (
	"context"
	"embed"
	"encoding/json"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

//go:embed *.sh
var files embed.FS

var (
	answerScript  = shell.Load(files, "answer.sh")
	installScript = shell.Load(files, "install.sh")
	settleScript  = shell.Load(files, "settle.sh")
	reloadScript  = shell.Load(files, "reload.sh")
	lookScript    = shell.Load(files, "look.sh")
	programScript = shell.Load(files, "program.sh")
	settingScript = shell.Load(files, "settings.sh")
	timerScript   = shell.Load(files, "timer.sh")
	crontabScript = shell.Load(files, "crontab.sh")
	removeScript  = shell.Load(files, "remove.sh")

	unitsRemoveScript = shell.Load(files, "units_remove.sh")
)

// Host is what is asked of the host that serves the pair.
type Host interface {
	// Exec runs a command that does no harm when it is run twice. Command.Sudo marks what talks to Docker.
	Exec(ctx context.Context, cmd remote.Command) ([]byte, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Place is where on the host a pair lies that the containers have mounted, and the folder of the answers to challenges.
type Place struct{ Folder, Certificate, Key, Challenges string }

// Settings are what the host needs to renew a site's certificate. There is nothing secret among them.
type Settings struct {
	Directory   string               `json:"directory"` // the site's
	Container   string               `json:"container"`
	Sudo        bool                 `json:"sudo,omitempty"` // docker commands need it
	Place       Place                `json:"place"`
	Demands     probe.Demands        `json:"demands"`
	Certificate certificate.Settings `json:"certificate"`
}

// Result is what became of the last run of a host's timer.
type Result struct {
	Time    time.Time               `json:"time"`
	Outcome map[language.Tag]string `json:"outcome,omitempty"` // by language; empty: all is well
	Changed bool                    `json:"changed"`           // there is a new pair
}

// Names of what lies in the folder of the timer.
const (
	folderName   = "renew" // in the folder beside the site's, which is the user's alone
	programName  = "renew"
	settingsName = "settings.json"
	resultName   = "result.json"

	settingsLimit = 1 << 20 // bytes
)

// Folder is that of the timer.
func Folder(stateDir string) string { return path.Join(stateDir, folderName) }

func readSettings(folder string) (Settings, error) {
	var s Settings
	file, err := os.Open(filepath.Join(folder, settingsName))
	if err != nil {
		return s, err
	}
	defer func() { _ = file.Close() }()
	return s, json.NewDecoder(io.LimitReader(file, settingsLimit)).Decode(&s)
}

// resultOf is a result with the failure's words in each language.
func resultOf(now time.Time, changed bool, err error) Result {
	r := Result{Time: now.UTC().Truncate(time.Second), Changed: changed}
	if err != nil {
		r.Outcome = map[language.Tag]string{}
		for _, tag := range language.Tags() {
			r.Outcome[tag] = language.New(tag).Error(err)
		}
	}
	return r
}

// parseResult reads a result as it lies on a host; nil for none.
func parseResult(text string) *Result {
	var r Result
	if json.Unmarshal([]byte(text), &r) != nil || r.Time.IsZero() {
		return nil
	}
	for tag, said := range r.Outcome {
		r.Outcome[tag] = safetext.OneLine(said, settingsLimit)
	}
	return &r
}

// Said is what went wrong, in a language; empty for nothing.
func (r *Result) Said(tag language.Tag) string {
	if len(r.Outcome) == 0 {
		return ""
	}
	if said := strings.TrimSpace(r.Outcome[tag]); said != "" {
		return said
	}
	return strings.TrimSpace(r.Outcome[language.English])
}
