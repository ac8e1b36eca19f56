package inventory

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// What keeps a file from being read at all.
var (
	errFolder  = errors.New("is a folder")
	errSpecial = errors.New("is not a regular file")
	errLarge   = errors.New("is too large")
)

// ReadFile reads a regular file of this machine, of at most limit bytes. A named pipe or a device is refused before it is opened:
// to open one may wait for ever, and to read one may never end.
func ReadFile(path string, limit int64) ([]byte, error) {
	file, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it is only read
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = errLarge
	}
	return content, err
}

func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errFolder
	case !info.Mode().IsRegular():
		return nil, errSpecial
	}
	return os.Open(path)
}

// reason is an error without the operation and the path, which the sentence around it has.
func reason(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}
