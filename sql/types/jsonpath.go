package types

import (
	"math"

	"zorya/pgerr"
)

// A PathOp is what an item of a jsonpath does.
type PathOp uint8

// The operations.
const (
	PathNull PathOp = iota
	PathString
	PathNumeric
	PathBool
	PathVariable
	PathRoot
	PathCurrent
	PathLast
	PathAnd
	PathOr
	PathNot
	PathIsUnknown
	PathEqual
	PathNotEqual
	PathLess
	PathGreater
	PathLessOrEqual
	PathGreaterOrEqual
	PathStartsWith
	PathLikeRegex
	PathExists
	PathAdd
	PathSub
	PathMul
	PathDiv
	PathMod
	PathPlus
	PathMinus
	PathAnyArray
	PathAnyKey
	PathIndexArray
	PathAny
	PathKey
	PathFilter
	PathMethod
	PathDatetime
)

// PathUnbounded is the level "last" of .**.
const PathUnbounded = math.MaxUint32

// A PathItem is a step of a jsonpath, or an expression in it, with the steps that
// are applied to its result.
type PathItem struct {
	Op          PathOp
	Str         string // a string, key, variable, method, template's or regular expression's text
	Flags       string // of a regular expression, in the order ismxq
	Num         Datum
	Bool        bool
	Left, Right *PathItem
	Subs        []PathRange // of PathIndexArray
	First, Last uint32      // levels of PathAny
	Next        *PathItem
}

// A PathRange is a subscript; To is nil unless it is a range.
type PathRange struct{ From, To *PathItem }

// A JSONPath is a value of type jsonpath. Immutable.
type JSONPath struct {
	Strict bool
	Expr   *PathItem
}

// IsPredicate tells whether the operation gives a truth value.
func (o PathOp) IsPredicate() bool { return o >= PathAnd && o <= PathExists }

// pathOperators are the signs of the operations.
var pathOperators = map[PathOp]string{
	PathAnd: "&&", PathOr: "||", PathEqual: "==", PathNotEqual: "!=", PathLess: "<", PathGreater: ">", PathLessOrEqual: "<=",
	PathGreaterOrEqual: ">=", PathAdd: "+", PathSub: "-", PathMul: "*", PathDiv: "/", PathMod: "%", PathPlus: "+", PathMinus: "-",
	PathStartsWith: "starts with",
}

// String is the operation's sign.
func (o PathOp) String() string { return pathOperators[o] }

func jsonPathOps() *ops {
	return &ops{
		kind:  KindOther,
		parse: func(_ T, s string, _ *Format) (Datum, error) { return parseJSONPath(s) },
		text:  func(dst []byte, d Datum, _ *Format) []byte { return d.X.(*JSONPath).append(dst) },
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if len(b) == 0 {
				return Null, pgerr.New(pgerr.ProtocolViolation, "no data left in message")
			}
			if b[0] != 1 {
				return Null, pgerr.New(pgerr.FeatureNotSupported, "unsupported jsonpath version number: %d", b[0])
			}
			if err := CheckUTF8(string(b[1:])); err != nil {
				return Null, err
			}
			return parseJSONPath(string(b[1:]))
		},
		send: func(dst []byte, d Datum) []byte { return d.X.(*JSONPath).append(append(dst, 1)) },
	}
}

// priority says how tight an operation binds, for the parentheses of the output.
func (o PathOp) priority() int {
	switch {
	case o == PathOr:
		return 0
	case o == PathAnd:
		return 1
	case o >= PathEqual && o <= PathStartsWith:
		return 2
	case o == PathAdd || o == PathSub:
		return 3
	case o >= PathMul && o <= PathMod:
		return 4
	case o == PathPlus || o == PathMinus:
		return 5
	}
	return 6
}
