package diagnose

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	readSize  = 64 << 10 // bytes read at a time
	pieceSize = 8 << 10  // a longer line is looked at in pieces of this size
	overlap   = 256      // bytes that a piece shares with the one before, so that a message on the seam is still whole
)

// eachLine calls emit for every line of r. A carriage return ends a line too: progress bars draw over themselves with it.
// The slice is only valid during the call.
func eachLine(r io.Reader, emit func([]byte)) error {
	in := bufio.NewReaderSize(r, readSize)
	for {
		chunk, err := in.ReadSlice('\n')
		for part := range bytes.SplitSeq(bytes.TrimSuffix(chunk, []byte("\n")), []byte("\r")) {
			pieces(part, emit)
		}
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
}

func pieces(line []byte, emit func([]byte)) {
	for start := 0; start < len(line); start += pieceSize {
		emit(line[max(0, start-overlap):min(len(line), start+pieceSize)])
	}
}
