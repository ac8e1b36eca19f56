package language_test

import (
	"testing"
	"time"

	"github.com/kehuo/provision/provision/language"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.00 kB", 4_100_000: "4.10 MB", 41_000_000: "41.0 MB", 410_000_000: "410 MB",
		999_499: "999 kB", 999_500: "1.00 MB", 9_995_000: "10.0 MB", 1 << 40: "1.10 TB",
	} {
		if got := language.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0 ms", 84 * time.Millisecond: "84 ms", 1234 * time.Millisecond: "1.2 s", 48 * time.Second: "48 s",
		9960 * time.Millisecond: "10 s", 59600 * time.Millisecond: "1:00", 187 * time.Second: "3:07",
		3723 * time.Second: "1:02:03",
	} {
		if got := language.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        int
	}{{0, 0, 0}, {5, 0, 0}, {1, 3, 33}, {999, 1000, 99}, {3, 3, 100}, {4, 3, 100}, {-1, 3, 0}} {
		if got := language.Percent(c.done, c.total); got != c.want {
			t.Errorf("Percent(%d, %d) = %d, want %d", c.done, c.total, got, c.want)
		}
	}
}
