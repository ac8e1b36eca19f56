package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const childMiB = 40

// TestMain is also the child of the test below, which takes its memory and ends.
func TestMain(m *testing.M) {
	if os.Getenv("BENCH_CHILD") != "" {
		fmt.Println(len(touched(childMiB << 20)))
		return
	}
	os.Exit(m.Run())
}

func touched(n int) []byte {
	memory := make([]byte, n)
	for i := 0; i < n; i += 1024 {
		memory[i] = 1
	}
	return memory
}

// The peak of a process is its own, however much memory the bench has.
func TestPeakIsTheProcessesOwn(t *testing.T) {
	ballast := touched(300 << 20)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "BENCH_CHILD=1")
	peak, err := runWithPeak(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if least, most := int64(childMiB<<20), int64(250)<<20; peak < least || peak > most {
		t.Errorf("a process of %d MiB, beside a bench of %d, has a peak of %s", childMiB, len(ballast)>>20, mebi(peak))
	}
	if own := peakOf(os.Getpid()); own < int64(len(ballast)) {
		t.Errorf("the bench itself has a peak of %s", mebi(own))
	}
}

// A figure that cannot be right is not printed.
func TestPeakThatIsNotKnown(t *testing.T) {
	if peak := peakOf(-1); peak != 0 {
		t.Errorf("no process has a peak of %d", peak)
	}
	for peak, want := range map[int64]string{0: "-", 100 << 10: "-", 13 << 20: "13.0 MiB"} {
		if got := memory(peak); got != want {
			t.Errorf("%d bytes are printed as %q, want %q", peak, got, want)
		}
	}
	var out strings.Builder
	if err := print(&out, []row{{work: "w", against: "a"}}); err != nil || strings.Contains(out.String(), "0.0 MiB |\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
