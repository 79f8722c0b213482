package funcs

import (
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/types"
)

// regexKernels: the regexp_… functions and substring with a pattern.
func regexKernels() kernels {
	return kernels{
		"textregexreplace_noopt":             scalar(regexReplace),
		"textregexreplace":                   scalar(regexReplace),
		"textregexreplace_extended":          scalar(regexReplaceAt),
		"textregexreplace_extended_no_n":     scalar(regexReplaceAt),
		"textregexreplace_extended_no_flags": scalar(regexReplaceAt),
		"textregexsubstr":                    scalar(regexSubstring),
		"substring(25,25,25)":                scalar(similarSubstring),
		"regexp_match_no_flags":              scalar(regexMatch),
		"regexp_match":                       scalar(regexMatch),
		"regexp_matches_no_flags":            {rows: regexMatches},
		"regexp_matches":                     {rows: regexMatches},
		"regexp_split_to_array_no_flags":     scalar(regexSplitArray),
		"regexp_split_to_array":              scalar(regexSplitArray),
		"regexp_split_to_table_no_flags":     {rows: regexSplitRows},
		"regexp_split_to_table":              {rows: regexSplitRows},
		"regexp_like":                        scalar(regexLike),
		"regexp_like_no_flags":               scalar(regexLike),
		"regexp_count":                       scalar(regexCount),
		"regexp_count_no_start":              scalar(regexCount),
		"regexp_count_no_flags":              scalar(regexCount),
		"regexp_substr_no_start":             scalar(regexSubstr),
		"regexp_substr_no_n":                 scalar(regexSubstr),
		"regexp_substr_no_flags":             scalar(regexSubstr),
		"regexp_substr_no_subexpr":           scalar(regexSubstr),
		"regexp_substr":                      scalar(regexSubstr),
		"regexp_instr_no_start":              scalar(regexInstr),
		"regexp_instr_no_n":                  scalar(regexInstr),
		"regexp_instr_no_endoption":          scalar(regexInstr),
		"regexp_instr_no_flags":              scalar(regexInstr),
		"regexp_instr_no_subexpr":            scalar(regexInstr),
		"regexp_instr":                       scalar(regexInstr),
	}
}

// optional returns argument i as text, or def.
func optional(a []types.Datum, i int, def string) string {
	if i < len(a) {
		return a[i].S
	}
	return def
}

func optionalInt(a []types.Datum, i int, def int64) int64 {
	if i < len(a) {
		return a[i].I
	}
	return def
}

// cutGlobal takes g from the flags.
func cutGlobal(flags string) (string, bool) {
	return strings.ReplaceAll(flags, "g", ""), strings.Contains(flags, "g")
}

func regexReplace(a []types.Datum) (types.Datum, error) {
	flags := optional(a, 3, "")
	if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", flags[0]).
			WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
	}
	flags, global := cutGlobal(flags)
	nth := 1
	if global {
		nth = 0
	}
	return replaceFrom(a[0].S, a[1].S, a[2].S, flags, 1, nth)
}

// regexReplaceAt is regexp_replace(text, pattern, replacement, start [, N [, flags]]).
func regexReplaceAt(a []types.Datum) (types.Datum, error) {
	start, nth := a[3].I, optionalInt(a, 4, -1)
	flags, global := cutGlobal(optional(a, 5, ""))
	if start <= 0 {
		return types.Null, badParam("start", start)
	}
	if len(a) > 4 && nth < 0 {
		return types.Null, badParam("n", nth)
	}
	if nth < 0 {
		nth = 1
		if global {
			nth = 0
		}
	}
	return replaceFrom(a[0].S, a[1].S, a[2].S, flags, start, int(nth))
}

func badParam(name string, v int64) error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, v)
}

// replaceFrom replaces match number nth (0: all) at or after character start.
func replaceFrom(s, text, with, flags string, start int64, nth int) (types.Datum, error) {
	p, err := compilePattern(text, flags)
	if err != nil {
		return types.Null, err
	}
	locs, err := p.from(s, start, nth)
	if err != nil {
		return types.Null, err
	}
	var b strings.Builder
	at := 0
	for i, loc := range locs {
		if nth != 0 && i+1 != nth {
			continue
		}
		b.WriteString(s[at:loc[0]])
		expand(&b, with, s, loc)
		at = loc[1]
	}
	b.WriteString(s[at:])
	return types.NewText(b.String()), nil
}

// from returns the matches that begin at character start (from 1) or later.
func (p *pattern) from(s string, start int64, limit int) ([][]int, error) {
	if start-1 > int64(utf8.RuneCountInString(s)) {
		return nil, nil
	}
	return p.all(s, runeOffset(s, start-1), limit)
}

// expand writes a replacement: \1 to \9 are groups, \& the match, \\ a backslash.
func expand(b *strings.Builder, with, s string, loc []int) {
	for i := 0; i < len(with); i++ {
		c := with[i]
		if c != '\\' || i+1 == len(with) {
			b.WriteByte(c)
			continue
		}
		i++
		switch n := int(with[i] - '0'); {
		case with[i] == '&':
			b.WriteString(s[loc[0]:loc[1]])
		case with[i] == '\\':
			b.WriteByte('\\')
		case n >= 1 && n <= 9:
			if 2*n < len(loc) && loc[2*n] >= 0 {
				b.WriteString(s[loc[2*n]:loc[2*n+1]])
			}
		default:
			b.WriteByte('\\')
			b.WriteByte(with[i])
		}
	}
}

func regexSubstring(a []types.Datum) (types.Datum, error) {
	p, err := compilePattern(a[1].S, "")
	if err != nil {
		return types.Null, err
	}
	locs, err := p.all(a[0].S, 0, 1)
	if err != nil || len(locs) == 0 {
		return types.Null, err
	}
	return group(a[0].S, locs[0], min(p.groups, 1)), nil
}

func similarSubstring(a []types.Datum) (types.Datum, error) {
	text, err := similar(a[1].S, a[2].S)
	if err != nil {
		return types.Null, err
	}
	return regexSubstring([]types.Datum{a[0], types.NewText(text)})
}

// matchRow is what regexp_match gives: the groups, or the match if there are none.
func (p *pattern) matchRow(s string, loc []int) types.Datum {
	arr := &types.Array{Elem: types.TextOID}
	if p.groups == 0 {
		arr.Elems = []types.Datum{group(s, loc, 0)}
	}
	for g := 1; g <= p.groups; g++ {
		arr.Elems = append(arr.Elems, group(s, loc, g))
	}
	arr.Dims, arr.Lower = []int{len(arr.Elems)}, []int{1}
	return types.Datum{Kind: types.KindArray, X: arr}
}

func noGlobal(name, flags, hint string) error {
	if !strings.Contains(flags, "g") {
		return nil
	}
	err := pgerr.New(pgerr.InvalidParameterValue, "%s does not support the \"global\" option", name)
	if hint != "" {
		err = err.WithHint("%s", hint)
	}
	return err
}

func regexMatch(a []types.Datum) (types.Datum, error) {
	flags := optional(a, 2, "")
	if err := noGlobal("regexp_match()", flags, "Use the regexp_matches function instead."); err != nil {
		return types.Null, err
	}
	p, err := compilePattern(a[1].S, flags)
	if err != nil {
		return types.Null, err
	}
	locs, err := p.all(a[0].S, 0, 1)
	if err != nil || len(locs) == 0 {
		return types.Null, err
	}
	return p.matchRow(a[0].S, locs[0]), nil
}

func regexMatches(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	flags, global := cutGlobal(optional(a, 2, ""))
	p, err := compilePattern(a[1].S, flags)
	if err != nil {
		return err
	}
	locs, err := p.all(a[0].S, 0, int(bit(!global)))
	if err != nil {
		return err
	}
	for _, loc := range locs {
		if err := emit([]types.Datum{p.matchRow(a[0].S, loc)}); err != nil {
			return err
		}
	}
	return nil
}

// regexSplit cuts a string at the matches; empty matches at the ends or right
// after another match do not count.
func regexSplit(name string, a []types.Datum) ([]string, error) {
	flags := optional(a, 2, "")
	if err := noGlobal(name, flags, ""); err != nil {
		return nil, err
	}
	p, err := compilePattern(a[1].S, flags)
	if err != nil {
		return nil, err
	}
	s := a[0].S
	locs, err := p.all(s, 0, 0)
	if err != nil {
		return nil, err
	}
	var out []string
	at, before := 0, 0
	for _, loc := range locs {
		counts := loc[0] < len(s) && loc[1] > before
		before = loc[1]
		if counts {
			out = append(out, s[at:loc[0]])
			at = loc[1]
		}
	}
	return append(out, s[at:]), nil
}

func regexSplitArray(a []types.Datum) (types.Datum, error) {
	parts, err := regexSplit("regexp_split_to_array()", a)
	if err != nil {
		return types.Null, err
	}
	return textArray(parts), nil
}

func regexSplitRows(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	parts, err := regexSplit("regexp_split_to_table()", a)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := emit([]types.Datum{types.NewText(part)}); err != nil {
			return err
		}
	}
	return nil
}

func regexLike(a []types.Datum) (types.Datum, error) {
	flags := optional(a, 2, "")
	if err := noGlobal("regexp_like()", flags, ""); err != nil {
		return types.Null, err
	}
	p, err := compilePattern(a[1].S, flags)
	if err != nil {
		return types.Null, err
	}
	m, err := p.match(a[0].S)
	return types.NewBool(m), err
}

// found returns the matches at or after character start (from 1).
func found(name string, a []types.Datum, start int64, flags string) (*pattern, [][]int, error) {
	if start <= 0 {
		return nil, nil, badParam("start", start)
	}
	if err := noGlobal(name, flags, ""); err != nil {
		return nil, nil, err
	}
	p, err := compilePattern(a[1].S, flags)
	if err != nil {
		return nil, nil, err
	}
	locs, err := p.from(a[0].S, start, 0)
	return p, locs, err
}

func regexCount(a []types.Datum) (types.Datum, error) {
	_, locs, err := found("regexp_count()", a, optionalInt(a, 2, 1), optional(a, 3, ""))
	return types.NewInt(int64(len(locs))), err
}

// nthGroup finds the span of group sub of match number n. In a pattern without
// groups the whole match counts as the first.
func nthGroup(p *pattern, locs [][]int, n, sub int64) (from, to int, ok bool) {
	if p.groups == 0 && sub == 1 {
		sub = 0
	}
	if n > int64(len(locs)) || sub > int64(p.groups) {
		return 0, 0, false
	}
	loc := locs[n-1]
	if loc[2*sub] < 0 {
		return 0, 0, false
	}
	return loc[2*sub], loc[2*sub+1], true
}

func regexSubstr(a []types.Datum) (types.Datum, error) {
	n, sub := optionalInt(a, 3, 1), optionalInt(a, 5, 0)
	if n <= 0 {
		return types.Null, badParam("n", n)
	}
	if sub < 0 {
		return types.Null, badParam("subexpr", sub)
	}
	p, locs, err := found("regexp_substr()", a, optionalInt(a, 2, 1), optional(a, 4, ""))
	if err != nil {
		return types.Null, err
	}
	from, to, ok := nthGroup(p, locs, n, sub)
	if !ok {
		return types.Null, nil
	}
	return types.NewText(a[0].S[from:to]), nil
}

func regexInstr(a []types.Datum) (types.Datum, error) {
	n, end, sub := optionalInt(a, 3, 1), optionalInt(a, 4, 0), optionalInt(a, 6, 0)
	switch {
	case n <= 0:
		return types.Null, badParam("n", n)
	case end != 0 && end != 1:
		return types.Null, badParam("endoption", end)
	case sub < 0:
		return types.Null, badParam("subexpr", sub)
	}
	p, locs, err := found("regexp_instr()", a, optionalInt(a, 2, 1), optional(a, 5, ""))
	if err != nil {
		return types.Null, err
	}
	from, to, ok := nthGroup(p, locs, n, sub)
	if !ok {
		return types.NewInt(0), nil
	}
	if end == 1 {
		from = to
	}
	return types.NewInt(int64(utf8.RuneCountInString(a[0].S[:from])) + 1), nil
}
