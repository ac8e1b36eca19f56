package remote

import "golang.org/x/crypto/ssh"

// Terminal is the size and kind of the terminal that a command gets on the host.
type Terminal struct {
	Kind          string // TERM, such as "xterm-256color"
	Width, Height int    // in characters
	// Resized tells of a new size; nil where the size stays. It is read until the command has ended.
	Resized <-chan Size
}

// Size is that of a terminal, in characters.
type Size struct{ Width, Height int }

func (t *Terminal) request(channel ssh.Channel) error {
	const endOfModes = "\x00"
	_, err := channel.SendRequest("pty-req", false, ssh.Marshal(struct {
		Term                                string
		Columns, Rows, PixelWide, PixelHigh uint32
		Modes                               string
	}{t.Kind, uint32(t.Width), uint32(t.Height), 0, 0, endOfModes}))
	return err
}

// follow passes on the terminal's changes of size until ended is closed.
func (t *Terminal) follow(channel ssh.Channel, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case size, ok := <-t.Resized:
			if !ok {
				return
			}
			_, err := channel.SendRequest("window-change", false, ssh.Marshal(struct {
				Columns, Rows, PixelWide, PixelHigh uint32
			}{uint32(size.Width), uint32(size.Height), 0, 0}))
			if err != nil {
				return
			}
		}
	}
}
