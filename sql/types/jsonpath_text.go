package types

import "strconv"

func (p *JSONPath) append(dst []byte) []byte {
	if p.Strict {
		dst = append(dst, "strict "...)
	}
	return p.Expr.append(dst, false, true)
}

// append prints an item and what follows it; as a step it has a dot before it.
func (x *PathItem) append(dst []byte, step, brackets bool) []byte {
	if brackets = brackets && x.bracketed(); brackets {
		dst = append(dst, '(')
	}
	dst = x.appendOne(dst, step)
	if brackets {
		dst = append(dst, ')')
	}
	if x.Next != nil {
		return x.Next.append(dst, true, true)
	}
	return dst
}

// bracketed tells whether the item stands in parentheses where its surroundings ask
// for them.
func (x *PathItem) bracketed() bool {
	switch x.Op {
	case PathNumeric:
		return x.Next != nil
	case PathLikeRegex, PathPlus, PathMinus:
		return true
	}
	return x.Left != nil && x.Right != nil
}

// operand prints an operand, in parentheses if it does not bind tighter.
func (x *PathItem) operand(dst []byte, of PathOp) []byte {
	return x.append(dst, false, x.Op.priority() <= of.priority() || x.Op == PathNumeric)
}

func (x *PathItem) appendOne(dst []byte, step bool) []byte {
	dot := func(s string) []byte {
		if step {
			dst = append(dst, '.')
		}
		return append(dst, s...)
	}
	switch x.Op {
	case PathNull:
		return append(dst, "null"...)
	case PathString:
		return AppendJSONString(dst, x.Str)
	case PathKey:
		return AppendJSONString(dot(""), x.Str)
	case PathVariable:
		return AppendJSONString(append(dst, '$'), x.Str)
	case PathNumeric:
		return AppendText(dst, NumericOID, x.Num, DefaultFormat)
	case PathBool:
		return strconv.AppendBool(dst, x.Bool)
	case PathRoot:
		return append(dst, '$')
	case PathCurrent:
		return append(dst, '@')
	case PathLast:
		return append(dst, "last"...)
	case PathAnyArray:
		return append(dst, "[*]"...)
	case PathAnyKey:
		return dot("*")
	case PathIndexArray:
		return x.appendSubscripts(dst)
	case PathAny:
		return x.appendLevels(dot("**"))
	case PathMethod:
		return append(append(append(dst, '.'), x.Str...), "()"...)
	}
	return x.appendOperation(dst)
}

func (x *PathItem) appendOperation(dst []byte) []byte {
	enclose := func(before, after string) []byte {
		return append(x.Left.append(append(dst, before...), false, false), after...)
	}
	switch x.Op {
	case PathDatetime:
		if x.Left == nil {
			return append(dst, ".datetime()"...)
		}
		return enclose(".datetime(", ")")
	case PathFilter:
		return enclose("?(", ")")
	case PathNot:
		return enclose("!(", ")")
	case PathIsUnknown:
		return enclose("(", ") is unknown")
	case PathExists:
		return enclose("exists (", ")")
	case PathPlus, PathMinus:
		return x.Left.operand(append(dst, x.Op.String()...), x.Op)
	case PathLikeRegex:
		dst = AppendJSONString(append(x.Left.operand(dst, x.Op), " like_regex "...), x.Str)
		if x.Flags != "" {
			dst = append(append(append(dst, ` flag "`...), x.Flags...), '"')
		}
		return dst
	}
	dst = append(append(append(x.Left.operand(dst, x.Op), ' '), x.Op.String()...), ' ')
	return x.Right.operand(dst, x.Op)
}

func (x *PathItem) appendSubscripts(dst []byte) []byte {
	dst = append(dst, '[')
	for i, s := range x.Subs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.From.append(dst, false, false)
		if s.To != nil {
			dst = s.To.append(append(dst, " to "...), false, false)
		}
	}
	return append(dst, ']')
}

func (x *PathItem) appendLevels(dst []byte) []byte {
	level := func(n uint32) {
		if n == PathUnbounded {
			dst = append(dst, "last"...)
		} else {
			dst = strconv.AppendUint(dst, uint64(n), 10)
		}
	}
	if x.First == 0 && x.Last == PathUnbounded {
		return dst
	}
	dst = append(dst, '{')
	level(x.First)
	if x.First != x.Last {
		dst = append(dst, " to "...)
		level(x.Last)
	}
	return append(dst, '}')
}
