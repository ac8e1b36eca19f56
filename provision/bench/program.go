package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kehuo/provision/provision/tree"
)

// manyFiles is how many files the large site has.
const manyFiles = 50_000

// local measures what needs no host: the start of the program, and planning a large site.
func local(ctx context.Context, runs int) error {
	dir, err := os.MkdirTemp("", "provision-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "provision")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/provision")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w: %s", err, out)
	}
	var starts []time.Duration
	var peak int64
	for range 4 * runs {
		cmd := exec.CommandContext(ctx, program, "version")
		began := time.Now()
		most, err := runWithPeak(cmd)
		if err != nil {
			return err
		}
		starts = append(starts, time.Since(began))
		peak = max(peak, most)
	}
	fmt.Printf("start of the program: %.1f ms (to reach: 20), %s (to reach: 20)\n", median(starts).Seconds()*1000, memory(peak))
	return planning(ctx, dir, runs)
}

// planning scans a large tree with a warm cache, and asks git for the status of the same tree.
func planning(ctx context.Context, dir string, runs int) error {
	root := filepath.Join(dir, "many")
	for i := range manyFiles {
		folder := filepath.Join(root, fmt.Sprintf("%03d", i/250))
		if i%250 == 0 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d", i)), []byte(fmt.Sprint(i)), 0o644); err != nil {
			return err
		}
	}
	// As old as all else, once git has taken it in: the hash of a file that was just written is not kept.
	if err := os.WriteFile(filepath.Join(root, ".provisionignore"), []byte(".git\n"), 0o644); err != nil {
		return err
	}
	git := func(args ...string) error {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root, "-c", "user.name=bench", "-c", "user.email=bench@localhost"}, args...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("git %v: %w: %s", args, err, out)
		}
		return nil
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "all"}, {"status"}} {
		if err := git(args...); err != nil {
			return err
		}
	}
	scan := func() error {
		_, err := tree.Scan(ctx, tree.Options{Root: root, Cache: filepath.Join(dir, "hashes")})
		return err
	}
	r := row{work: "planning 50,000 files, warm", against: "git status", goal: 1.5}
	for i := range runs + 1 {
		ours, err := timed(scan)
		if err != nil {
			return err
		}
		theirs, err := timed(func() error { return git("status") })
		if err != nil {
			return err
		}
		if i > 0 {
			r.ours, r.theirs = append(r.ours, ours), append(r.theirs, theirs)
		}
	}
	fmt.Printf("%s: %s, %s: %s, ratio %.2f (to reach: %.2f)\n", r.work, seconds(median(r.ours)), r.against, seconds(median(r.theirs)), r.ratio(), r.goal)
	return nil
}

func timed(work func() error) (time.Duration, error) {
	began := time.Now()
	err := work()
	return time.Since(began), err
}
