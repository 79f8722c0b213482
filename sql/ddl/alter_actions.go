package ddl

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
)

// indexActions are the actions that PostgreSQL has for indexes, and this dialect has not.
var indexActions = map[string]bool{
	"SET": true, "RESET": true, "SET TABLESPACE": true, "ATTACH PARTITION": true, "ALTER COLUMN ... SET STATISTICS": true,
}

// wrongAction refuses an action on a relation of a kind that does not have it.
func wrongAction(r catalog.Relation, a *ast.AlterAction) error {
	if r.RelKind() == catalog.RelIndex && indexActions[a.Words] {
		return unsupported("unsupported ALTER INDEX %s statement", a.Words)
	}
	return pgerr.New(pgerr.WrongObjectType, "ALTER action %s cannot be performed on relation \"%s\"", a.Words, r.Head().Name).
		WithDetail("%s", notSupportedFor(r))
}

// An actionFunc carries out an action on t, a copy, and puts it into the catalog.
type actionFunc func(s *statement, t *catalog.Table, a *ast.AlterAction) error

// alterActions are the actions that are supported, by AlterAction.Kind.
var alterActions map[string]actionFunc

// liftedActions are the actions that only wider profiles have, by the refusal that
// they lift.
var liftedActions map[string]actionFunc

func init() {
	alterActions = map[string]actionFunc{
		"add column":       (*statement).addColumn,
		"drop column":      (*statement).dropColumn,
		"set default":      (*statement).setColumnDefault,
		"drop default":     (*statement).setColumnDefault,
		"drop not null":    (*statement).dropNotNull,
		"drop expression":  (*statement).dropExpression,
		"set storage":      (*statement).setStorage,
		"add identity":     (*statement).addIdentity,
		"set identity":     (*statement).setIdentity,
		"drop identity":    (*statement).dropIdentity,
		"add constraint":   (*statement).addConstraint,
		"alter constraint": (*statement).alterConstraint,
		"drop constraint":  (*statement).dropConstraint,
		// ENABLE and DISABLE TRIGGER ALL and USER are accepted (reference, grammar). There
		// are no triggers, and foreign keys are not done by any.
		"switch triggers": func(*statement, *catalog.Table, *ast.AlterAction) error { return nil },
	}
	liftedActions = map[string]actionFunc{
		"set not null":        (*statement).setNotNull,
		"set data type":       (*statement).setDataType,
		"set statistics":      (*statement).setStatistics,
		"validate constraint": (*statement).validateNow,
		"storage parameters": func(_ *statement, _ *catalog.Table, a *ast.AlterAction) error {
			names := make([]string, len(a.Options))
			for i, o := range a.Options {
				names[i] = o.Name
			}
			return checkStorageParameters(names)
		},
	}
}

func (s *statement) alterAction(t *catalog.Table, a *ast.AlterAction, async bool) error {
	if a.Kind == "validate constraint" && async {
		return s.validateConstraint(t, a)
	}
	if f := alterActions[a.Kind]; f != nil && !async {
		return s.placed(a, f(s, t, a))
	}
	if f := liftedActions[a.Kind]; f != nil && !async && s.lifts(a.Kind) {
		return s.placed(a, f(s, t, a))
	}
	return unsupported("unsupported ALTER TABLE %s statement", a.Words)
}

// placed is an action's error with a position where PostgreSQL knows it: it has not the
// statement's text when it carries out actions, but for a new column's type, which is
// looked up before, and the expression of USING.
func (s *statement) placed(a *ast.AlterAction, err error) error {
	switch {
	case err == nil || pgerr.Code(err) == pgerr.SyntaxError || pgerr.Code(err) == pgerr.DuplicateColumn:
		return err
	case a.Kind == "set data type":
		if _, _, typed := s.columnType(a.Def.Type); typed == nil {
			return err
		}
	case a.Kind == "add column":
		if _, _, typed := s.columnType(a.Def.Type); typed != nil {
			return err
		}
	}
	return pgerr.Nowhere(err)
}
