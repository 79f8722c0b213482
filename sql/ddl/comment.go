package ddl

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
)

// comment runs COMMENT ON.
func (s *statement) comment(st *ast.Comment) error {
	text := ""
	if st.Text != nil {
		text = *st.Text
	}
	switch st.Object {
	case "table", "view", "index", "sequence":
		return s.commentRelation(st, text)
	case "column":
		return s.commentColumn(st, text)
	case "constraint":
		return s.commentConstraint(st, text)
	case "schema":
		schema, err := s.ownedSchema(st.Name.Name)
		if err != nil {
			return err
		}
		c := *schema
		c.Comment = text
		s.ed.Put(&c)
		return nil
	case "statistics":
		return s.commentStatistics(st, text)
	case "domain", "type":
		if st.Object == "type" && !s.lifts("enum") {
			break
		}
		d, err := s.domain(st.Name)
		if err != nil {
			return err
		}
		c := *d
		c.Comment = text
		s.ed.Put(&c)
		return nil
	case "function", "routine":
		f, err := s.function(st.Name, st.Args, st.HasArgs)
		if err != nil {
			return err
		}
		c := *f
		c.Comment = text
		s.ed.Put(&c)
		return s.ownsObject(&f.Header, "function")
	case "role":
		r, err := s.changeableRole(ast.RoleSpec{Name: st.Name.Name})
		if err != nil {
			return err
		}
		c := r.Clone()
		c.Comment = text
		s.ed.Put(c)
		return nil
	}
	return unsupported("unsupported object in COMMENT statement")
}

func (s *statement) commentRelation(st *ast.Comment, text string) error {
	r, err := s.mustRelation(st.Name)
	if err != nil {
		return err
	}
	if relKindName(r) != st.Object {
		return wrongKind(r, st.Object)
	}
	if err := s.owns(r); err != nil {
		return err
	}
	switch r := r.(type) {
	case *catalog.Table:
		c := r.Clone()
		c.Comment = text
		s.ed.Put(c)
	case *catalog.Sequence:
		c := *r
		c.Comment = text
		s.ed.Put(&c)
	case *catalog.Index:
		c := s.snap().Table(r.Table).Clone()
		c.Index(r.OID).Comment = text
		s.ed.Put(c)
	}
	return nil
}

// wrongKind is the error for a relation that is not of the kind named.
func wrongKind(r catalog.Relation, kind string) error {
	article := "a"
	if kind == "index" {
		article = "an"
	}
	return pgerr.New(pgerr.WrongObjectType, "\"%s\" is not %s %s", r.Head().Name, article, kind)
}

func (s *statement) commentColumn(st *ast.Comment, text string) error {
	if st.Name.Name == "" {
		return pgerr.New(pgerr.SyntaxError, "column name must be qualified")
	}
	r, err := s.mustRelation(st.Name)
	if err != nil {
		return err
	}
	t, ok := r.(*catalog.Table)
	if !ok {
		return pgerr.New(pgerr.WrongObjectType, "cannot set comment on relation \"%s\"", r.Head().Name).
			WithDetail("%s", notSupportedFor(r))
	}
	if err := s.owns(t); err != nil {
		return err
	}
	col := t.Column(st.Sub)
	if col < 0 {
		return noColumn(st.Sub, t.Name)
	}
	c := t.Clone()
	c.Columns[col].Comment = text
	s.ed.Put(c)
	return nil
}

func (s *statement) commentConstraint(st *ast.Comment, text string) error {
	t, err := s.ownedTable(st.Name)
	if err != nil {
		return err
	}
	c := t.Clone()
	for i := range c.Checks {
		if c.Checks[i].Name == st.Sub {
			c.Checks[i].Comment = text
			s.ed.Put(c)
			return nil
		}
	}
	for i := range c.FKs {
		if c.FKs[i].Name == st.Sub {
			c.FKs[i].Comment = text
			s.ed.Put(c)
			return nil
		}
	}
	for _, x := range c.AllIndexes() {
		if x.Constraint == st.Sub {
			x.ConstraintComment = text
			s.ed.Put(c)
			return nil
		}
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", st.Sub, t.Name)
}
