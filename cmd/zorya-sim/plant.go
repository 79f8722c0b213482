package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zorya/sim"
)

// planted builds a program with edits: the go command reads the changed files instead of
// those in the tree. They are listed in overlay.json in dir.
func planted(edits []sim.Edit, dir, program string) (binary string, err error) {
	overlay := map[string]map[string]string{"Replace": {}}
	texts := map[string]string{}
	for _, e := range edits {
		text, ok := texts[e.File]
		if !ok {
			b, err := os.ReadFile(e.File)
			if err != nil {
				return "", err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return "", fmt.Errorf("%s: the text to change is there %d times: %q", e.File, n, e.Old)
		}
		texts[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	for name, text := range texts {
		changed, err := filepath.Abs(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")+".txt"))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(changed, []byte(text), 0o644); err != nil {
			return "", err
		}
		full, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		overlay["Replace"][full] = changed
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	listed := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(listed, list, 0o644); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, filepath.Base(program))
	out, err := exec.Command("go", "build", "-overlay", listed, "-o", binary, program).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return binary, nil
}

var failedSeed = regexp.MustCompile(`FAILED seed (\d+) at (.*)`)

// plant shows that each bug is found, or the ones whose names contain `name`: the
// world is run `runs` times, from different seeds, until it fails. It prints after
// how many seeds, and returns the exit code.
// With a program, it is built with the bug into ./planted instead.
func plant(name string, runs int, program string) int {
	code := 0
	for _, bug := range sim.Bugs {
		if name != "all" && !strings.Contains(bug.Name, name) {
			continue
		}
		if program != "" {
			if err := buildPlanted(bug, program); err != nil {
				fmt.Println(err)
				return 1
			}
			continue
		}
		found, what, err := hunt(bug, runs)
		if err != nil {
			fmt.Printf("%-60s NOT FOUND: %v\n", bug.Name, err)
			code = 1
			continue
		}
		slices.Sort(found)
		fmt.Printf("%-60s seeds %v, median %d: %s\n", bug.Name, found, found[len(found)/2], what)
	}
	return code
}

// printLoads lists the bugs and what shows them on a real server, for scripts: name, kind
// (history, test or else) and flags, arguments or reason, with tabs between.
func printLoads() {
	for _, bug := range sim.Bugs {
		switch l := sim.Loads[bug.Name]; {
		case l.History != nil:
			fmt.Printf("%s\thistory\t%s\n", bug.Name, strings.Join(l.History, " "))
		case l.Test != "":
			fmt.Printf("%s\ttest\t%s\n", bug.Name, l.Test)
		default:
			fmt.Printf("%s\telse\t%s\n", bug.Name, l.Else)
		}
	}
}

func buildPlanted(bug sim.Bug, program string) error {
	if err := os.MkdirAll("planted", 0o755); err != nil {
		return err
	}
	binary, err := planted(append(slices.Clone(bug.Edits), sim.Loads[bug.Name].Extra...), "planted", program)
	if err == nil {
		fmt.Printf("%s: %s\n", binary, bug.Name)
	}
	return err
}

// hunt returns after how many seeds each run found the bug.
func hunt(bug sim.Bug, runs int) (found []int, what string, err error) {
	dir, err := os.MkdirTemp("", "zorya-plant")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	binary, err := planted(bug.Edits, dir, "./cmd/zorya-sim")
	if err != nil {
		return nil, "", err
	}
	for i := range runs {
		first := 1 + 100_000*i
		out, err := exec.Command(binary, "-seed", strconv.Itoa(first), "-seeds", strconv.Itoa(bug.Within), "-workers", "1", "-workloads", bug.Workload).CombinedOutput()
		if err == nil {
			return nil, "", fmt.Errorf("in %d seeds from %d", bug.Within, first)
		}
		m := failedSeed.FindStringSubmatch(string(out))
		if m == nil {
			// Invariants that the product itself asserts end the process.
			what = "the process ends: " + strings.SplitN(string(out), "\n", 2)[0]
			found = append(found, 0)
			continue
		}
		seed, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, "", err
		}
		found, what = append(found, seed-first+1), m[2]
	}
	return found, what, nil
}
