// Command release builds what people install: archives for Linux, macOS and Windows, packages for Debian, Red Hat and Alpine, and their
// checksums. The same commit gives the same bytes: times are the commit's, paths and build ids are left out.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// nfpm makes the packages; run by its version, it is no dependency of the program.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.48.0"

// platforms are those that there is a program for, GOOS/GOARCH.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

func main() {
	only := flag.String("only", strings.Join(platforms, ","), "these `PLATFORMS`, GOOS/GOARCH with commas between")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: release [--only PLATFORMS] FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := release(ctx, flag.Arg(0), strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// build is one making of the release.
type build struct {
	version string
	time    time.Time // of the commit
	work    string    // a folder for what goes into the packages
	out     string
}

func release(ctx context.Context, out string, platforms []string) error {
	version, err := output(ctx, "git", "describe", "--tags", "--always", "--dirty")
	if err != nil {
		return err
	}
	committed, err := output(ctx, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(committed, 10, 64)
	if err != nil {
		return fmt.Errorf("read the time of the commit: %w", err)
	}
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	b := build{strings.TrimPrefix(version, "v"), time.Unix(seconds, 0).UTC(), work, out}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := b.documents(ctx); err != nil {
		return err
	}
	for _, platform := range platforms {
		if err := b.platform(ctx, platform); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	return b.checksums()
}

// documents writes what is the same on every platform: manual pages and completion scripts, made by the program itself.
func (b build) documents(ctx context.Context) error {
	program := filepath.Join(b.work, "provision")
	if err := b.compile(ctx, program, nil); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(b.work, "man"), 0o755); err != nil {
		return err
	}
	if _, err := output(ctx, program, "man", "--date", b.time.Format(time.DateOnly), filepath.Join(b.work, "man")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(b.work, "completion"), 0o755); err != nil {
		return err
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		script, err := output(ctx, program, "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(b.work, "completion", "provision."+shell), []byte(script+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (b build) compile(ctx context.Context, program string, environment []string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -buildid= -X main.version="+b.version, "-o", program, "./cmd/provision")
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), environment...)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// platform makes the archive of a platform, and its packages where it is Linux.
func (b build) platform(ctx context.Context, platform string) error {
	system, machine, ok := strings.Cut(platform, "/")
	if !ok {
		return errors.New("write it as GOOS/GOARCH")
	}
	name := "provision"
	if system == "windows" {
		name += ".exe"
	}
	program := filepath.Join(b.work, system+"-"+machine, name)
	if err := b.compile(ctx, program, []string{"GOOS=" + system, "GOARCH=" + machine}); err != nil {
		return err
	}
	files, err := b.contents(program)
	if err != nil {
		return err
	}
	base := filepath.Join(b.out, fmt.Sprintf("provision_%s_%s_%s", b.version, system, machine))
	if system == "windows" {
		return b.archive(base+".zip", files, b.zip)
	}
	if err := b.archive(base+".tar.gz", files, b.tar); err != nil {
		return err
	}
	if system != "linux" {
		return nil
	}
	return b.packages(ctx, machine, program)
}

// file is one of an archive.
type file struct {
	name, path string
	mode       fs.FileMode
}

// contents are the files of an archive, in order.
func (b build) contents(program string) ([]file, error) {
	files := []file{
		{filepath.Base(program), program, 0o755}, {"LICENSE", "LICENSE", 0o644}, {"README.md", "README.md", 0o644},
		{"CHANGELOG.md", "CHANGELOG.md", 0o644}, {"inventory.yaml", "inventory.yaml", 0o644},
	}
	for _, folder := range []string{"completion", "man"} {
		entries, err := os.ReadDir(filepath.Join(b.work, folder))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			files = append(files, file{folder + "/" + e.Name(), filepath.Join(b.work, folder, e.Name()), 0o644})
		}
	}
	return files, nil
}

// archive creates a file and has fill write the files into it.
func (b build) archive(name string, files []file, fill func(io.Writer, []file) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(fill(f, files), f.Close())
}

func (b build) tar(w io.Writer, files []file) error {
	packed := gzip.NewWriter(w)
	t := tar.NewWriter(packed)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: "provision/" + f.name, Mode: int64(f.mode), Size: int64(len(content)), ModTime: b.time}); err != nil {
			return err
		}
		if _, err := t.Write(content); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), packed.Close())
}

func (b build) zip(w io.Writer, files []file) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: "provision/" + f.name, Method: zip.Deflate, Modified: b.time}
		header.SetMode(f.mode)
		entry, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return z.Close()
}

// packages has nfpm make a package for each family of distributions.
func (b build) packages(ctx context.Context, machine, program string) error {
	config := filepath.Join(b.work, "nfpm-"+machine+".yaml")
	if err := os.WriteFile(config, []byte(b.config(machine, program)), 0o644); err != nil {
		return err
	}
	for _, kind := range []string{"deb", "rpm", "apk"} {
		cmd := exec.CommandContext(ctx, "go", "run", nfpm, "package", "--config", config, "--packager", kind, "--target", b.out)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(b.time.Unix(), 10))
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("make the %s: %w: %s", kind, err, said)
		}
	}
	return nil
}

// config is nfpm's of a machine. Its version is one that dpkg and rpm can compare: a commit that has no tag is 0.0.0 and its name.
func (b build) config(machine, program string) string {
	version := b.version
	if !strings.Contains(version, ".") {
		version = "0.0.0~" + version
	}
	at := b.time.Format(time.RFC3339)
	text := fmt.Sprintf(`name: provision
arch: %s
platform: linux
version: %q
version_schema: none
maintainer: provision developers
description: Takes a website to a live, verified container on a cloud host over SSH.
license: MIT
mtime: %s
contents:
`, machine, version, at)
	add := func(from, to string, mode int) {
		text += fmt.Sprintf("  - {src: %q, dst: %q, file_info: {mode: 0%o, mtime: %s}}\n", from, to, mode, at)
	}
	add(program, "/usr/bin/provision", 0o755)
	add("LICENSE", "/usr/share/doc/provision/copyright", 0o644)
	add("inventory.yaml", "/usr/share/doc/provision/inventory.yaml", 0o644)
	for _, c := range []struct{ shell, place string }{
		{"bash", "bash-completion/completions/provision"}, {"zsh", "zsh/vendor-completions/_provision"}, {"fish", "fish/vendor_completions.d/provision.fish"},
	} {
		add(filepath.Join(b.work, "completion", "provision."+c.shell), "/usr/share/"+c.place, 0o644)
	}
	return text + fmt.Sprintf("  - {src: %q, dst: /usr/share/man/man1, file_info: {mode: 0644, mtime: %s}}\n", filepath.Join(b.work, "man")+"/*.1", at)
}

// checksums writes SHA256SUMS of all that was made, for sha256sum -c.
func (b build) checksums() error {
	entries, err := os.ReadDir(b.out)
	if err != nil {
		return err
	}
	var lines []string
	for _, e := range entries {
		if e.Name() == "SHA256SUMS" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(b.out, e.Name()))
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(content), e.Name()))
	}
	slices.Sort(lines)
	return os.WriteFile(filepath.Join(b.out, "SHA256SUMS"), []byte(strings.Join(lines, "")), 0o644)
}

// output is what a command prints, without the last line end.
func output(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}
