package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// mirror is where Debian comes from unless PROVISION_SANDBOX_MIRROR names
// another one.
const mirror = "http://deb.debian.org/debian"

// rootfsTimeout ends a mmdebstrap that hangs; one to two minutes are usual,
// the rest is for slow links.
const rootfsTimeout = 20 * time.Minute

// recipe says what a root file system consists of.
type recipe struct {
	name     string
	suite    string            // the Debian release
	packages []string          // beside Debian's minimal base
	remove   []string          // glob patterns, below the root
	files    map[string]string // path below the root -> content
}

// unneeded is what no root file system needs once its packages are in place.
var unneeded = [...]string{
	"var/cache/apt/archives/*.deb", "var/cache/apt/*.bin", "var/lib/apt/lists/*", "var/log/*.log", "var/log/apt",
	"usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/lintian",
}

// standInRecipe is what takes the place of BaseImage where no registry can be
// reached: the same parts at the same paths, from Debian's packages.
func standInRecipe() recipe {
	return recipe{
		name:     "base",
		suite:    "bookworm",
		packages: []string{"gunicorn", "nginx-light", "openssl", "python-is-python3", "python3-flask"},
		remove:   []string{"etc/machine-id", "etc/nginx/sites-enabled/*", "usr/share/zoneinfo/*"},
		files: map[string]string{
			"etc/nginx/cert/.keep": "",
			"etc/nginx/conf.d/default.conf": "server {\n    listen       80;\n    server_name  localhost;\n\n" +
				"    location / {\n        root   /usr/share/nginx/html;\n        index  index.html;\n    }\n}\n",
		},
	}
}

// version names what the recipe makes: another recipe, another version.
func (r recipe) version() string {
	hash := sha256.New()
	fmt.Fprintln(hash, r.name, r.suite, runtime.GOARCH, r.packages, r.remove, unneeded)
	paths := make([]string, 0, len(r.files))
	for path := range r.files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		fmt.Fprintf(hash, "%s %q\n", path, r.files[path])
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// rootfs makes root file systems and keeps them as tar archives in the user's
// cache directory, so that each is made once.
type rootfs struct {
	engine engine
	say    func(key string, args ...any)
}

// cacheDir is where the archives are kept.
func cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find a directory to keep root file systems in: %w; set XDG_CACHE_HOME", err)
	}
	return filepath.Join(cache, "provision", "rootfs"), nil
}

// kept returns the path of the archive called name, calling make for it if it
// is not there. Two processes that want the same one make it once.
func (r rootfs) kept(ctx context.Context, name string, make func(path string) error) (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	unlock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, make(path)
}

// has tells whether the recipe's archive is there.
func (r rootfs) has(recipe recipe) bool {
	dir, err := cacheDir()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, recipe.file()))
	return err == nil
}

// file is the name of the recipe's archive.
func (r recipe) file() string { return r.name + "-" + r.version() + ".tar" }

// archive returns the path of the recipe's archive, made from a Debian image
// where a registry can be reached and from Debian's packages otherwise.
func (r rootfs) archive(ctx context.Context, recipe recipe) (string, error) {
	return r.kept(ctx, recipe.file(), func(path string) error {
		started := time.Now()
		var err error
		if image := debianImage(recipe.suite); r.pulled(ctx, image) {
			err = r.fromImage(ctx, recipe, image, path)
		} else {
			err = r.bootstrap(ctx, recipe, path)
		}
		if err != nil {
			return fmt.Errorf("cannot make the root file system of the sandbox's %s: %w", recipe.name, err)
		}
		r.say("sandbox.rootfs.made", recipe.name, time.Since(started).Round(time.Second))
		return nil
	})
}

// bootstrap makes the archive from Debian's packages, with mmdebstrap.
func (r rootfs) bootstrap(ctx context.Context, recipe recipe, path string) error {
	if err := canBootstrap(); err != nil {
		return err
	}
	r.say("sandbox.rootfs.from-packages", recipe.name)
	ctx, cancel := context.WithTimeoutCause(ctx, rootfsTimeout, fmt.Errorf("not done after %s", rootfsTimeout))
	defer cancel()

	// One name for all, under the lock: what a killed run left is removed.
	work := path + ".work"
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	root := filepath.Join(work, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := mmdebstrap(ctx, recipe, root); err != nil {
		return err
	}
	if err := recipe.finish(root); err != nil {
		return err
	}
	packed := filepath.Join(work, "rootfs.tar")
	err := command(ctx, "tar", "--create", "--file", packed, "--numeric-owner", "--directory", root,
		"--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*", ".")
	if err != nil {
		return err
	}
	return os.Rename(packed, path)
}

// bootstrapTries is how often a root file system is begun: a mirror may fail for a moment.
const bootstrapTries = 3

func mmdebstrap(ctx context.Context, recipe recipe, root string) (err error) {
	for range bootstrapTries {
		if err := os.RemoveAll(root); err != nil {
			return err
		}
		// A mirror that lags behind is good enough, and so is what a crash of this machine would leave.
		err = command(ctx, "mmdebstrap", "--mode=root", "--variant=minbase", "--include="+strings.Join(recipe.packages, ","),
			`--aptopt=Acquire::Check-Valid-Until "false"`, `--aptopt=Acquire::Retries "3"`, "--dpkgopt=force-unsafe-io",
			recipe.suite, root, cmp.Or(os.Getenv("PROVISION_SANDBOX_MIRROR"), mirror))
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// finish removes what is not needed and writes the recipe's own files.
func (r recipe) finish(root string) error {
	for _, pattern := range slices.Concat(unneeded[:], r.remove) {
		if err := removeMatches(root, pattern); err != nil {
			return err
		}
	}
	for path, content := range r.files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// removeMatches removes what a pattern names below root; only its last element
// may have wildcards. Links are not followed: an absolute one would lead to this
// machine's own files.
func removeMatches(root, pattern string) error {
	folder := filepath.Join(root, path.Dir(pattern))
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		matches, err := path.Match(path.Base(pattern), entry.Name())
		if err != nil {
			return err
		}
		if !matches {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// canBootstrap says what is missing for a mmdebstrap.
func canBootstrap() error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return &MissingError{"mmdebstrap", "there is none on the PATH, and no registry has a Debian image for it", "apt-get install --yes mmdebstrap"}
	}
	if os.Geteuid() != 0 {
		return &MissingError{"root rights, for mmdebstrap", fmt.Sprintf("this process runs as user %d", os.Geteuid()), "sudo provision sandbox up"}
	}
	return nil
}

// command runs a program in a mount namespace and a process group of its own:
// whatever it mounts goes with it, and when ctx ends all of it is stopped.
func command(ctx context.Context, name string, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	cmd.WaitDelay = 5 * time.Second
	isolate(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
		}
		lines := strings.Split(strings.TrimSpace(output.String()), "\n")
		return fmt.Errorf("%s failed (%w): %s", name, err, strings.Join(lines[max(0, len(lines)-8):], " / "))
	}
	return nil
}
