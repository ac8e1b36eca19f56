package main

import (
	"os"
	"testing"
)

// TestImportsKeepToThePlan fails for an import between rooms that the plan does not have, and for one that it has in vain.
func TestImportsKeepToThePlan(t *testing.T) {
	imports, _, err := measure("../..", plan())
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range wrong(plan(), imports) {
		t.Error(fault)
	}
}

func TestEveryFolderIsInARoom(t *testing.T) {
	for _, root := range []string{"cmd", "provision", "steps", "tui"} {
		entries, err := os.ReadDir("../../" + root)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if folder := root + "/" + entry.Name(); entry.IsDir() && roomOf(plan(), folder) == engine {
				t.Errorf("%s is no room of the plan", folder)
			}
		}
	}
}

func TestPlanThatIsBrokenIsSeen(t *testing.T) {
	floors := []floor{{"top", []room{{path: "a", onto: []string{"b", "c"}}}}, {"ground", []room{{path: "b"}, {path: "c", onto: []string{"a"}}}}}
	got := wrong(floors, map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}})
	want := []string{"a may import c and does not", "b imports c", "c imports a above it"}
	if len(got) != len(want) {
		t.Fatalf("sees %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("sees %q, want %q", got[i], want[i])
		}
	}
}
