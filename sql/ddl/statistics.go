package ddl

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// createStatistics runs CREATE STATISTICS.
func (s *statement) createStatistics(st *ast.CreateStatistics) error {
	t, err := s.ownedTable(st.Table)
	if err != nil {
		return err
	}
	x := &catalog.ExtStatistics{Table: t.OID, Kinds: st.Kinds}
	for _, name := range st.Columns {
		col := t.Column(name)
		if col < 0 {
			return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
		}
		x.Cols = append(x.Cols, col)
	}
	if len(x.Cols) < 2 {
		return pgerr.New(pgerr.InvalidObjectDefinition, "extended statistics require at least 2 columns")
	}
	if len(x.Kinds) == 0 {
		x.Kinds = []string{"ndistinct", "dependencies", "mcv"}
	}
	schema := s.snap().Schema(t.Schema)
	if st.Name.Name != "" {
		if schema, err = s.creationSchema(st.Name); err != nil {
			return err
		}
	}
	taken := func(n string) bool { return s.snap().ResolveStatistics(nil, schema.Name, n) != nil }
	if x.Name = st.Name.Name; x.Name == "" {
		x.Name = freeName(t.Name, columnsLabel(st.Columns), "stat", taken)
	}
	if taken(x.Name) {
		if st.IfNotExists {
			s.notice(pgerr.DuplicateObject, "statistics object \"%s\" already exists, skipping", x.Name)
			return nil
		}
		return pgerr.New(pgerr.DuplicateObject, "statistics object \"%s\" already exists", x.Name)
	}
	if max := s.env.Limits.Statistics; max > 0 && s.countStatistics(t.OID) >= max {
		return pgerr.New(pgerr.ProgramLimitExceeded, "more than %d extended statistics per table are not allowed", max)
	}
	if x.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	x.Schema, x.Owner = schema.OID, s.env.Role
	s.ed.Share(t)
	s.ed.Put(x)
	return nil
}

func (s *statement) countStatistics(table types.OID) int {
	n := 0
	for _, x := range s.snap().ExtStatistics() {
		if x.Table == table {
			n++
		}
	}
	return n
}

// ownedStatistics finds extended statistics that are about to be changed.
func (s *statement) ownedStatistics(n ast.Name) (*catalog.ExtStatistics, error) {
	if n.Schema != "" && s.snap().SchemaByName(n.Schema) == nil {
		return nil, noSchema(n.Schema)
	}
	x := s.snap().ResolveStatistics(s.env.SearchPath, n.Schema, n.Name)
	if x == nil {
		return nil, pgerr.New(pgerr.UndefinedObject, "statistics object \"%s\" does not exist", written(n))
	}
	return x, s.ownsObject(&x.Header, "statistics object")
}

// maxStatisticsTarget is PostgreSQL's; larger ones are lowered to it.
const maxStatisticsTarget = 10000

// alterStatistics runs ALTER STATISTICS … SET STATISTICS.
func (s *statement) alterStatistics(st *ast.AlterStatistics) error {
	target := st.Target
	max := s.env.Limits.StatisticsTarget
	switch {
	case target < -1:
		return pgerr.New(pgerr.InvalidParameterValue, "statistics target %d is too low", target)
	case max > 0 && target > max:
		return pgerr.New(pgerr.InvalidParameterValue, "statistics target %d exceeds maximum allowed value of %d", target, max)
	case target > maxStatisticsTarget:
		target = maxStatisticsTarget
		s.warning(pgerr.InvalidParameterValue, "lowering statistics target to %d", target)
	}
	x, err := s.ownedStatistics(st.Name)
	if err != nil {
		if st.IfExists && pgerr.As(err).Code == pgerr.UndefinedObject {
			s.skip("%s", pgerr.As(err).Message)
			return nil
		}
		return err
	}
	c := *x
	if c.Target = nil; target >= 0 {
		c.Target = &target
	}
	s.ed.Put(&c)
	return nil
}

func (s *statement) renameStatistics(st *ast.Rename) error {
	x, err := s.ownedStatistics(st.Name)
	if err != nil {
		return err
	}
	if err := s.freeStatistics(x.Schema, st.NewName); err != nil {
		return err
	}
	c := *x
	c.Name = st.NewName
	s.ed.Put(&c)
	return nil
}

func (s *statement) statisticsSchema(st *ast.SetSchema, schema *catalog.Schema) error {
	x, err := s.ownedStatistics(st.Name)
	if err != nil || x.Schema == schema.OID {
		return err
	}
	if err := s.mayCreateIn(schema, x.Name); err != nil {
		return err
	}
	if err := s.freeStatistics(schema.OID, x.Name); err != nil {
		return err
	}
	s.ed.Share(schema)
	c := *x
	c.Schema = schema.OID
	s.ed.Put(&c)
	return nil
}

// freeStatistics fails if a schema has extended statistics of the name.
func (s *statement) freeStatistics(schema types.OID, name string) error {
	if in := s.schemaName(schema); s.snap().ResolveStatistics(nil, in, name) != nil {
		return pgerr.New(pgerr.DuplicateObject, "statistics object \"%s\" already exists in schema \"%s\"", name, in)
	}
	return nil
}

func (s *statement) commentStatistics(st *ast.Comment, text string) error {
	x, err := s.ownedStatistics(st.Name)
	if err != nil {
		return err
	}
	c := *x
	c.Comment = text
	s.ed.Put(&c)
	return nil
}
