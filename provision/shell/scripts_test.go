package shell_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/shell/shelltest"
)

// TestEveryScriptParses has each shell that hosts have read every script of the repository.
func TestEveryScriptParses(t *testing.T) {
	shelltest.Parse(t, os.DirFS("../.."))
}

// TestNoShellTextIsPutTogether: a value reaches a script as an argument. Outside of this package, shell text is a constant or a
// Script with its arguments, and so nobody converts a string to it.
func TestNoShellTextIsPutTogether(t *testing.T) {
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "provision/shell/") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || called.Sel.Name != "Text" || len(call.Args) != 1 {
				return true
			}
			if of, ok := called.X.(*ast.Ident); !ok || of.Name != "shell" {
				return true
			}
			if _, constant := call.Args[0].(*ast.BasicLit); !constant {
				t.Errorf("%s makes shell text of a string", files.Position(call.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
