package safetext

// Prefix is how many bytes at the start of text are printable ASCII, ' ' to '~', and therefore safe on any terminal. It looks
// at eight bytes at a time: a build prints a hundred megabytes, and nearly all of it is plain.
func Prefix(text string) int {
	n := 0
	for ; len(text)-n >= 8; n += 8 {
		t := text[n : n+8]
		word := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		if suspicious(word) {
			break
		}
	}
	for n < len(text) && text[n] >= ' ' && text[n] <= '~' {
		n++
	}
	return n
}

// suspicious reports whether one of the eight bytes is not printable ASCII. The top bit of a byte is set by the byte itself
// beyond 0x7f, by the addition for 0x7f, and by the subtraction below 0x20; a carry or borrow needs a byte that is
// suspicious already.
func suspicious(word uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (word|(word+ones)|(word-' '*ones))&tops != 0
}
