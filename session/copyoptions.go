package session

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
)

// A copyFormat is COPY's options.
type copyFormat struct {
	format       string // text, csv, binary
	delim        byte
	null         string
	header       bool
	match        bool // HEADER MATCH
	freeze       bool
	quote        byte
	escape       byte
	encoding     string // of the data; "": UTF8
	forceQuote   []bool // by column of the data
	forceNull    []bool
	forceNotNull []bool
	// The columns that FORCE_… name, by option.
	force map[string]ast.CopyOption
}

// copyOptions reads the options of a COPY statement. As in PostgreSQL each is read by
// itself first, in the order written, and then they are checked together.
func copyOptions(t *ast.Copy) (*copyFormat, error) {
	o := &copyFormat{format: "text", force: map[string]ast.CopyOption{}}
	given := map[string]string{}
	for _, opt := range t.Options {
		if _, twice := given[opt.Name]; twice {
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(opt.Pos)
		}
		if err := o.read(opt, t.From); err != nil {
			return nil, err
		}
		given[opt.Name] = opt.Value
	}
	return o, o.settle(given, t.From)
}

// read takes one option.
func (o *copyFormat) read(opt ast.CopyOption, from bool) error {
	switch opt.Name {
	case "format":
		o.format = opt.Value
		if opt.HasValue && opt.Value != "text" && opt.Value != "csv" && opt.Value != "binary" {
			return pgerr.New(pgerr.InvalidParameterValue, "COPY format \"%s\" not recognized", opt.Value).At(opt.Pos)
		}
	case "freeze":
		on, ok := copyBool(opt)
		if !ok {
			return pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value", opt.Name)
		}
		o.freeze = on
		return nil
	case "header":
		return o.readHeader(opt, from)
	case "force_quote", "force_null", "force_not_null", "convert_selectively":
		if !opt.IsList || opt.All && opt.Name != "force_quote" {
			return pgerr.New(pgerr.InvalidParameterValue, "argument to option \"%s\" must be a list of column names", opt.Name).At(opt.Pos)
		}
		o.force[opt.Name] = opt
		return nil
	case "encoding":
		if name := funcs.EncodingName(opt.Value); name == "" && opt.HasValue {
			return pgerr.New(pgerr.InvalidParameterValue, "argument to option \"%s\" must be a valid encoding name", opt.Name).At(opt.Pos)
		} else if name != "UTF8" {
			o.encoding = name
		}
	case "delimiter", "null", "quote", "escape":
	default:
		return pgerr.New(pgerr.SyntaxError, "option \"%s\" not recognized", opt.Name).At(opt.Pos)
	}
	if !opt.HasValue {
		return pgerr.New(pgerr.SyntaxError, "%s requires a parameter", opt.Name)
	}
	return nil
}

func (o *copyFormat) readHeader(opt ast.CopyOption, from bool) error {
	on, ok := copyBool(opt)
	switch {
	case ok:
		o.header = on
	case strings.EqualFold(opt.Value, "match") && from:
		o.header, o.match = true, true
	case strings.EqualFold(opt.Value, "match"):
		return pgerr.New(pgerr.FeatureNotSupported, "cannot use \"%s\" with HEADER in COPY TO", opt.Value)
	default:
		return pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value or \"match\"", opt.Name)
	}
	return nil
}

// copyBool reads a Boolean option; one without a value is true.
func copyBool(opt ast.CopyOption) (value, ok bool) {
	switch v := strings.ToLower(opt.Value); {
	case !opt.HasValue, v == "1", v == "true" || v == "on":
		return true, true
	case v == "0", v == "false" || v == "off":
		return false, true
	}
	return false, false
}

// settle fills in what was not given and checks the options together.
func (o *copyFormat) settle(given map[string]string, from bool) error {
	csv, bin := o.format == "csv", o.format == "binary"
	delim, hasDelim := given["delimiter"]
	null, hasNull := given["null"]
	quote, hasQuote := given["quote"]
	escape, hasEscape := given["escape"]
	switch {
	case bin && hasDelim:
		return pgerr.New(pgerr.SyntaxError, "cannot specify DELIMITER in BINARY mode")
	case bin && hasNull:
		return pgerr.New(pgerr.SyntaxError, "cannot specify NULL in BINARY mode")
	}
	fill := func(s *string, has bool, text, csvText string) {
		if !has {
			*s = pickWord(csv, csvText, text)
		}
	}
	fill(&delim, hasDelim, "\t", ",")
	fill(&null, hasNull, `\N`, "")
	fill(&quote, hasQuote, "", `"`)
	fill(&escape, hasEscape, "", quote)
	if err := checkDelimiter(delim, null, csv); err != nil {
		return err
	}
	switch {
	case bin && o.header:
		return pgerr.New(pgerr.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
	case !csv && hasQuote:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY quote available only in CSV mode")
	case csv && len(quote) != 1:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY quote must be a single one-byte character")
	case csv && delim == quote:
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter and quote must be different")
	case !csv && hasEscape:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY escape available only in CSV mode")
	case csv && len(escape) != 1:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY escape must be a single one-byte character")
	}
	if err := o.checkForce(csv, from); err != nil {
		return err
	}
	switch {
	case strings.Contains(null, delim):
		return pgerr.New(pgerr.FeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
	case csv && strings.Contains(null, quote):
		return pgerr.New(pgerr.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	}
	o.delim, o.null = delim[0], null
	if csv {
		o.quote, o.escape = quote[0], escape[0]
	}
	return nil
}

func checkDelimiter(delim, null string, csv bool) error {
	switch {
	case len(delim) != 1:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY delimiter must be a single one-byte character")
	case delim == "\n" || delim == "\r":
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(null, "\r\n"):
		return pgerr.New(pgerr.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
	case !csv && strings.Contains("\\.abcdefghijklmnopqrstuvwxyz0123456789", delim):
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter cannot be \"%s\"", delim)
	}
	return nil
}

// checkForce checks where the FORCE options stand.
func (o *copyFormat) checkForce(csv, from bool) error {
	for _, name := range []string{"force_quote", "force_not_null", "force_null"} {
		if _, given := o.force[name]; !given {
			continue
		}
		words := strings.ReplaceAll(name, "_", " ")
		if !csv {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY %s available only in CSV mode", words)
		}
		if from == (name == "force_quote") {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY %s only available using COPY %s", words, pickWord(from, "TO", "FROM"))
		}
	}
	return nil
}

// resolveColumns finds the columns that FORCE_… options name among those of the data;
// table is what they are columns of, nil for a query.
func (o *copyFormat) resolveColumns(names []string, table *catalog.Table) error {
	for _, f := range []struct {
		option string
		to     *[]bool
	}{{"force_quote", &o.forceQuote}, {"force_not_null", &o.forceNotNull}, {"force_null", &o.forceNull}} {
		*f.to = make([]bool, len(names))
		opt := o.force[f.option]
		for i := range names {
			(*f.to)[i] = opt.All
		}
		for _, want := range opt.List {
			found := false
			for i, n := range names {
				if n == want {
					(*f.to)[i], found = true, true
				}
			}
			switch {
			case !found && table == nil:
				return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", want)
			case !found && table.Column(want) < 0:
				return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", want, table.Name)
			case !found:
				return pgerr.New(pgerr.InvalidColumnReference, "%s column \"%s\" not referenced by COPY", strings.ToUpper(f.option), want)
			}
		}
	}
	return nil
}
