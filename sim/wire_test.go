package sim

import "testing"

// Each planted bug is either shown by a load or has a reason why not, and no load is left
// over.
func TestLoadsOfBugs(t *testing.T) {
	known := map[string]bool{}
	for _, b := range Bugs {
		known[b.Name] = true
		l, ok := Loads[b.Name]
		if ways := btoi(l.History != nil) + btoi(l.Test != "") + btoi(l.Else != ""); !ok || ways != 1 {
			t.Errorf("%s: one of a history, a test and a reason is wanted: %+v", b.Name, l)
		}
	}
	for name := range Loads {
		if !known[name] {
			t.Errorf("no bug is called %q", name)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
