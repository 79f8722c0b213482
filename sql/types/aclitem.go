package types

import (
	"strings"

	"zorya/pgerr"
)

// ACLLetters are the letters of privileges, in the order in which an aclitem has them.
const ACLLetters = "arwdDxtXUCTcsA"

// bootstrapRole is the role that stands for a grantor who is not named.
const bootstrapRole OID = 10

// An ACLItem is an aclitem taken apart. A value is the text that String makes, so that
// equal items are equal texts.
type ACLItem struct {
	Grantee, Grantor string // "" of Grantee: PUBLIC
	// Privs and Options are letters: privileges, and those of them that may be granted on.
	Privs, Options string
}

func (a ACLItem) String() string {
	var b strings.Builder
	b.WriteString(quoteRole(a.Grantee))
	b.WriteByte('=')
	for _, l := range ACLLetters {
		if strings.ContainsRune(a.Privs, l) {
			b.WriteRune(l)
			if strings.ContainsRune(a.Options, l) {
				b.WriteByte('*')
			}
		}
	}
	b.WriteByte('/')
	b.WriteString(quoteRole(a.Grantor))
	return b.String()
}

// quoteRole quotes a name unless it is letters, digits and underscores.
func quoteRole(name string) string {
	plain := func(r rune) bool {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127
	}
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// roleID takes a name, which may be quoted, off the head of s.
func roleID(s string) (name, rest string) {
	s = strings.TrimLeft(s, " \t\n\r")
	var b strings.Builder
	in, i := false, 0
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"' && in && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			in = !in
		case in || c == '_' || c > 127 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			b.WriteByte(c)
		default:
			return b.String(), strings.TrimLeft(s[i:], " \t\n\r")
		}
	}
	return b.String(), ""
}

// SplitACLItem reads an aclitem; the names of roles are not looked up.
func SplitACLItem(s string) (a ACLItem, err error) {
	bad := func(format string, args ...any) *pgerr.Error {
		return pgerr.New(pgerr.InvalidTextRepresentation, format, args...)
	}
	word, rest := roleID(s)
	if !strings.HasPrefix(rest, "=") {
		if word != "group" && word != "user" {
			return a, bad("unrecognized key word: \"%s\"", word).WithHint("ACL key word must be \"group\" or \"user\".")
		}
		if word, rest = roleID(rest); word == "" {
			return a, bad("missing name").WithHint("A name must follow the \"group\" or \"user\" key word.")
		}
	}
	if a.Grantee = word; !strings.HasPrefix(rest, "=") {
		return a, bad("missing \"=\" sign")
	}
	rest = rest[1:]
	for len(rest) > 0 && (rest[0] == '*' || rest[0] >= 'a' && rest[0] <= 'z' || rest[0] >= 'A' && rest[0] <= 'Z') {
		switch n := len(a.Privs); {
		case rest[0] == '*' && n > 0:
			a.Options += a.Privs[n-1:]
		case rest[0] == '*':
		case !strings.Contains(ACLLetters, rest[:1]):
			return a, bad("invalid mode character: must be one of \"%s\"", ACLLetters)
		default:
			a.Privs += rest[:1]
		}
		rest = rest[1:]
	}
	if strings.HasPrefix(rest, "/") {
		if a.Grantor, rest = roleID(rest[1:]); a.Grantor == "" {
			return a, bad("a name must follow the \"/\" sign")
		}
	}
	if strings.TrimSpace(rest) != "" {
		return a, bad("extra garbage at the end of the ACL specification")
	}
	return a, nil
}

func parseACLItem(_ T, s string, f *Format) (Datum, error) {
	a, err := SplitACLItem(s)
	if err != nil {
		return Null, err
	}
	if f.Names == nil {
		return NewText(a.String()), nil
	}
	for _, name := range []string{a.Grantee, a.Grantor} {
		if name == "" {
			continue
		}
		if _, err := f.Names.ResolveName("role", `"`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
			return Null, err
		}
	}
	if a.Grantor == "" {
		if a.Grantor = "admin"; f.Names != nil {
			if name, ok := f.Names.ObjectName("role", bootstrapRole); ok {
				a.Grantor = name
			}
		}
	}
	return NewText(a.String()), nil
}
