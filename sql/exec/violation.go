package exec

import (
	"strings"
	"unicode/utf8"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// at fills in the fields that say where a violation happened.
func (w *writer) at(e *pgerr.Error, column, constraint string) *pgerr.Error {
	e.Table, e.Column, e.Constraint = w.s.t.Name, column, constraint
	if w.r.Snap != nil {
		if s := w.r.Snap.Schema(w.s.t.Schema); s != nil {
			e.Schema = s.Name
		}
	}
	return e
}

func (w *writer) notNull(col *catalog.Col, row []types.Datum) error {
	return w.at(pgerr.New(pgerr.NotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
		col.Name, w.s.t.Name).WithDetail("Failing row contains %s.", w.describe(row)), col.Name, "")
}

func (w *writer) checkFailed(c checkSpec, row []types.Datum) error {
	name := c.name
	if c.view {
		return pgerr.New(pgerr.WithCheckOptionViolation, "new row violates check option for view \"%s\"", name).
			WithDetail("Failing row contains %s.", w.describe(row))
	}
	return w.at(pgerr.New(pgerr.CheckViolation, "new row for relation \"%s\" violates check constraint \"%s\"", w.s.t.Name, name).
		WithDetail("Failing row contains %s.", w.describe(row)), "", name)
}

func (w *writer) duplicate(idx *catalog.Index, vals []types.Datum) error {
	name := idx.Constraint
	if name == "" {
		name = idx.Name
	}
	cols, texts := w.keyTexts(idx, vals)
	return w.at(pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", name).
		WithDetail("Key (%s)=(%s) already exists.", cols, texts), "", name)
}

// keyTexts prints an index's key columns and a row's values of them, as in
// "Key (a, b)=(1, 2)".
func (w *writer) keyTexts(idx *catalog.Index, vals []types.Datum) (cols, texts string) {
	var names, values []string
	for i, k := range idx.Keys {
		if k.Col >= 0 {
			names = append(names, funcs.QuoteIdent(w.s.t.Columns[k.Col].Name))
		} else {
			names = append(names, k.Expr)
		}
		values = append(values, w.text(k.T.OID, vals[i]))
	}
	return strings.Join(names, ", "), strings.Join(values, ", ")
}

func (w *writer) text(oid types.OID, d types.Datum) string {
	if d.IsNull() {
		return "null"
	}
	return string(types.AppendText(nil, oid, d, w.r.env.Format))
}

// Bytes of a value that a message shows at most.
const shownBytes = 64

// describe prints a row for a message, long values cut.
func (w *writer) describe(row []types.Datum) string {
	var parts []string
	for i := range w.s.t.Columns {
		if w.s.t.Columns[i].Dropped {
			continue
		}
		s := w.text(w.s.t.Columns[i].T.OID, row[i])
		if len(s) > shownBytes {
			cut := shownBytes
			for cut > 0 && !utf8.RuneStart(s[cut]) {
				cut--
			}
			s = s[:cut] + "..."
		}
		parts = append(parts, s)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// keySize checks the encoded key columns of an index.
func (w *writer) keySize(idx *catalog.Index, key kv.Key) error {
	if limit := w.r.Limits.Key; limit > 0 && len(key) > limit {
		return pgerr.New(pgerr.ProgramLimitExceeded, "key size too large")
	}
	return nil
}

func (w *writer) rowSize(key kv.Key, value []byte) error {
	if limit := w.r.Limits.Row; limit > 0 && len(key)+len(value) > limit {
		return pgerr.New(pgerr.ProgramLimitExceeded, "maximum row size exceeded")
	}
	return nil
}

func (w *writer) columnSizes(row []types.Datum) error {
	limit := w.r.Limits.Column
	if limit <= 0 {
		return nil
	}
	for i := range row {
		if row[i].Kind == types.KindBytes && len(row[i].S) > limit {
			return pgerr.New(pgerr.ProgramLimitExceeded, "datatype limit greater than %d bytes not supported for %s",
				limit, types.Get(w.s.t.Columns[i].T.OID).Name)
		}
	}
	return nil
}
