package regex

import (
	"fmt"
	"strings"
	"testing"
)

// What PostgreSQL 15 answers: the match and its groups, - for no part.
func TestNext(t *testing.T) {
	for _, test := range []struct{ text, pattern, want string }{
		{"abcd", "(a|ab)(c|bcd)(d*)", "abcd ab c d"},
		{"abcd", "(?:a|ab)(?:c|bcd)(d*)", "abcd "},
		{"llmmmfff", "^(l*){1,1}?(.*){1,1}?(f*)$", "llmmmfff  llmmm fff"},
		{"llmmmfff", "^(l*)(.*?)(f*)$", "llmmmfff ll mmm fff"},
		{"aXbXc", "(.*?)X(.*)", "aX a "},
		{"foo/bar/baz", "^([^/]+?)(?:/([^/]+?))(?:/([^/]+?))?$", "foo/bar/baz foo bar baz"},
		{"foobar", "(foo|foobar)(bar)?", "foobar foobar -"},
		{"Programmer", `(\w)(.*?\1)`, "rogr r ogr"},
		{"abc abd", `(\w+) \1`, ""},
		{"xyy", "(?<=[xy])yy+", "yy"},
		{"ab", "a(?=b)b*", "ab"},
		{"éa", "[[:alpha:]](.)", "éa a"},
		{"a", `()*\1`, " "},
		{"", "(c*)*", " "},
	} {
		re, err := Compile(test.pattern, Flags{})
		if err != nil {
			t.Fatalf("%s: %v", test.pattern, err)
		}
		loc, err := re.Search(test.text).Next(0, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := 0; i < len(loc); i += 2 {
			if loc[i] < 0 {
				got = append(got, "-")
			} else {
				got = append(got, test.text[loc[i]:loc[i+1]])
			}
		}
		if g := strings.Join(got, " "); g != test.want {
			t.Errorf("%q ~ %q: got %q, want %q", test.text, test.pattern, g, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"(": "parentheses () not balanced", "a)": "parentheses () not balanced", "[": "brackets [] not balanced",
		"a{2,1}": "invalid repetition count(s)", "a{256}": "invalid repetition count(s)", "a{1": "braces {} not balanced",
		"*a": "quantifier operand invalid", "a**": "quantifier operand invalid", "^*": "quantifier operand invalid",
		`\`: `invalid escape \ sequence`, `\q`: `invalid escape \ sequence`, `\2`: "invalid backreference number",
		"[[:foo:]]": "invalid character class", "[b-a]": "invalid character range", "[[.foo.]]": "invalid collating element",
		"(?z)a": "invalid embedded option",
	} {
		_, err := Compile(pattern, Flags{})
		if got := fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", pattern, got, want)
		}
	}
}

// A hostile pattern ends with an error, soon enough.
func TestTooComplex(t *testing.T) {
	if _, err := Compile("(((a{255}){255}){255}){255}", Flags{}); err == nil {
		t.Error("no error")
	}
}
