package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// The site that is uploaded: as many files, folders and bytes as the tables say, two thirds of the bytes text and the rest
// as dense as pictures are.
const (
	treeFiles   = 1000
	treeFolders = 200
	treeBytes   = 15 << 20
)

// writeTree writes the site below root. It is the same every time.
func writeTree(root string) error {
	if err := writeFiles(root); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "Dockerfile"), []byte("FROM scratch\nCOPY . /\n"), 0o644)
}

// writeFiles writes the site's files, but for its Dockerfile.
func writeFiles(root string) error {
	source := rand.New(rand.NewPCG(1, 2))
	for i := range treeFiles {
		folder := filepath.Join(root, "resource", fmt.Sprintf("part%02d", i%treeFolders/10), fmt.Sprintf("page%03d", i%treeFolders))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		size := int(float64(treeBytes/treeFiles) * (0.2 + 1.6*source.Float64()))
		content := text(source, size)
		if i%3 == 0 {
			content = noise(source, size)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("file%04d", i)), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeLarge writes one file of n bytes.
func writeLarge(root string, n int) error {
	return os.WriteFile(filepath.Join(root, "large"), noise(rand.New(rand.NewPCG(3, 4)), n), 0o644)
}

func noise(source *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(source.Uint32())
	}
	return b
}

// text looks like source code to a compressor: words of a small vocabulary in lines of some length.
func text(source *rand.Rand, n int) []byte {
	var b strings.Builder
	for b.Len() < n {
		for range 3 + source.IntN(9) {
			fmt.Fprintf(&b, "%s_%d ", [...]string{"return", "value", "request", "server", "if", "config", "self", "import"}[source.IntN(8)], source.IntN(500))
		}
		b.WriteByte('\n')
	}
	return []byte(b.String()[:n])
}
