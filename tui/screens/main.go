// Command screens makes pictures of the wizard for the README: it turns the screens that the golden tests keep with their
// colours, tui/testdata/*.ansi, into SVG. Run it from the module's root:
//
//	go test ./tui -run TestColours -update && go run ./tui/screens docs
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tui/screens FOLDER")
		os.Exit(2)
	}
	if err := run(filepath.Join("tui", "testdata"), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

// run makes a picture in the folder to of every screen in the folder from.
func run(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.ansi"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there are no screens in %s; run this from the module's root", from)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		screen, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".ansi") + ".svg"
		if err := os.WriteFile(filepath.Join(to, name), []byte(picture(string(screen))), 0o644); err != nil {
			return err
		}
	}
	return nil
}
