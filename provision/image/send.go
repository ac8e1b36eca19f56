package image

import (
	"context"
	"errors"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/transfer"
)

// Job begins the id of every job that loads an image.
const Job = "image-"

// folders are where images lie on a host until its engine has loaded them.
func folders(stateDir string) string { return stateDir + "/images" }

// key names an image on a host.
func (i *Image) key() string { return i.manifest().digest.Hex[:12] }

// JobID is the id of the job that loads the image.
func (i *Image) JobID() string { return Job + i.key() }

// Clear removes what interrupted runs left of other images. What is there of this one is not sent again.
func (i *Image) Clear(stateDir string) shell.Text {
	return clearScript.With(folders(stateDir), i.key())
}

// listings is how often a folder is looked at that what a cut transfer left running still writes to.
const listings = 5

// Send brings a layout to where the host's engine loads it from, in files: what was sent when a link is cut is not sent again.
func Send(ctx context.Context, c *remote.Client, stateDir string, i *Image, l *Layout, progress func(done, total int64)) error {
	folder, all := folders(stateDir)+"/"+i.key(), transfer.Reading{Remove: true, Verify: true}
	listing, err := transfer.List(ctx, c, folder+"/layout", folder, l.Manifest, all)
	for n := 1; n < listings && provision.CodeOf(err) == "upload.listing-broken"; n++ {
		listing, err = transfer.List(ctx, c, folder+"/layout", folder, l.Manifest, all)
	}
	if err != nil {
		return err
	}
	return transfer.Apply(ctx, c, transfer.Compare(l.Manifest, listing, true), transfer.ApplyOptions{
		Root: l.Folder, Directory: folder + "/layout", StateDir: folder, Progress: progress,
	})
}

// Load has the host's engine load what was sent, give it another name too where there is one, and remove the files.
func (s Store) Load(stateDir string, i *Image, also string) shell.Text {
	short, _ := tags(i.Name)
	return loadScript.With(folders(stateDir)+"/"+i.key(), short, i.ID(s.Containerd), also)
}

// loadedOther is the exit status of load.sh for an image that is not the one that was meant.
const loadedOther = 65

// LoadFailed is the failure of a load on a host.
func (s Store) LoadFailed(host string, i *Image, err error) error {
	var exit *remote.ExitError
	if errors.As(err, &exit) && exit.Code == loadedOther {
		return provision.Fail("image.loaded-other", i.Name, host, i.ID(s.Containerd))
	}
	return provision.Fail("image.load", i.Name, host, err)
}
