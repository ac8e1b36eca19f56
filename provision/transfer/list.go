package transfer

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// List runs the script of [HostScript] by itself and names every path in it, however many they are: for a listing that is
// not complete, and for whoever gathers no other facts.
func List(ctx context.Context, c *remote.Client, directory, stateDir string, m *Manifest) (*Listing, error) {
	p := m.predict()
	script := hostScript(directory, stateDir, packed(p.names), p)
	out, err := c.Output(ctx, remote.Command{Script: shell.Text(script)})
	if err != nil {
		return nil, fmt.Errorf("%s: cannot list the files in %s: %w", c.Name(), directory, err)
	}
	return ParseHost(bytes.NewReader(out))
}
