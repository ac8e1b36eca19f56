package lines

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keptLogs is how many log files stay in the cache.
const keptLogs = 50

// LogPath is where the log of a run of a site goes that nobody has named a file for: the user's cache, from which the oldest logs
// are removed.
func LogPath(site string, now time.Time) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "provision", "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	prune(dir)
	return filepath.Join(dir, site+"-"+now.UTC().Format("20060102T150405.000")+".log"), nil
}

// prune removes the oldest logs beyond keptLogs; one that cannot be removed stays.
func prune(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	type aged struct {
		path string
		time time.Time
	}
	var logs []aged
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".log") {
			logs = append(logs, aged{filepath.Join(dir, e.Name()), info.ModTime()})
		}
	}
	if len(logs) < keptLogs {
		return
	}
	slices.SortFunc(logs, func(a, b aged) int { return a.time.Compare(b.time) })
	for _, l := range logs[:len(logs)-keptLogs+1] {
		_ = os.Remove(l.path)
	}
}
