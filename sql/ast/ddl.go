package ast

// A ColumnDef is a column of CREATE TABLE or ADD COLUMN.
type ColumnDef struct {
	Name        string
	Type        TypeName
	Storage     string
	Compression string
	Collation   []string
	Constraints []Constraint
	Pos         int
}

// ConstraintKind names a constraint form.
type ConstraintKind uint8

const (
	NotNullConstraint ConstraintKind = iota
	NullConstraint
	DefaultConstraint
	CheckConstraint
	PrimaryKeyConstraint
	UniqueConstraint
	ForeignKeyConstraint
	GeneratedConstraint // GENERATED ALWAYS AS (X) STORED
	IdentityConstraint
	ExcludeConstraint
	MisplacedConstraint // DEFERRABLE and the like where they must not be; Text is the error's
)

// A Constraint belongs to a column or a table.
type Constraint struct {
	Kind             ConstraintKind
	Name             string
	X                Expr   // CHECK, DEFAULT, GENERATED
	Text             string // source text of X
	Columns          []string
	Including        []string
	NullsNotDistinct bool
	UsingIndex       string

	RefTable             Name
	RefColumns           []string
	Match                string // "simple", "full", "partial"
	OnDelete, OnUpdate   string // "no action", "restrict", "cascade", "set null", "set default"
	OnDeleteColumns      []string
	Deferrable, Deferred bool
	NotDeferrable        bool
	NotValid             bool
	NoInherit            bool // CHECK … NO INHERIT

	Always  bool // IDENTITY: ALWAYS, else BY DEFAULT
	SeqOpts []SeqOpt
	Pos     int
}

// A SeqOpt is an option of a sequence: name ("cache", "increment", "start",
// "minvalue", "maxvalue", "cycle", "restart", "as", "owned_by", "sequence_name") and value; Value
// is "" for NO MINVALUE and the like, and for a plain RESTART.
type SeqOpt struct {
	Pos   int
	Name  string
	Value string
	No    bool
	Type  *TypeName
	Owned []string // the name in "owned_by" and "sequence_name", in parts
}

// Like is LIKE source INCLUDING ….
type Like struct {
	Source  Name
	At      int             // how many columns stand before it
	Options map[string]bool // "defaults", "constraints", "identity", "generated", "indexes", "statistics", "comments", "storage"
}

type (
	CreateTable struct {
		Name         Name
		IfNotExists  bool
		Columns      []ColumnDef
		Constraints  []Constraint
		Likes        []Like
		Persistence  string // "", "temp", "unlogged"
		Partition    string // "", "by", "of"
		Inherits     []Name
		With         []string // names of storage options
		Tablespace   string
		OnCommit     string
		AccessMethod string
		OfType       bool
	}
	// CreateTableAs is CREATE TABLE AS or CREATE MATERIALIZED VIEW.
	CreateTableAs struct {
		Name         Name
		Materialized bool
		Columns      []string
		Query        Stmt // a Select, or Execute
		QueryText    string
		IfNotExists  bool
		NoData       bool
		Persistence  string // "", "temp", "unlogged"
		OnlyForm     bool   // has clauses that CREATE TABLE would be refused for
	}

	AlterTable struct {
		Name     Name
		Kind     string // "table", "view", "index", "sequence", "materialized view", "foreign table"
		IfExists bool
		Only     bool
		Async    bool // ALTER TABLE ASYNC
		Actions  []AlterAction
	}
	// AlterAction is one action. Kind is one of: add column, drop column, set
	// default, drop default, drop not null, set not null, drop expression, set
	// storage, set statistics, set data type, add identity, set identity, drop
	// identity, add constraint, alter constraint, validate constraint, drop
	// constraint, owner to, enable row security, other (then Text has the tag).
	AlterAction struct {
		Kind        string
		Words       string // as PostgreSQL's messages name it: ALTER COLUMN ... SET STORAGE
		Column      string
		Def         *ColumnDef
		Constraint  *Constraint
		X           Expr
		Text        string
		Name        string
		IfExists    bool
		IfNotExists bool
		Cascade     bool
		Role        RoleSpec
		SeqOpts     []SeqOpt
		Always      *bool
		Options     []RelOption // of SET (…) and RESET (…)
	}
	// A RelOption is a parameter of WITH (name = value).
	RelOption struct {
		Name, Value string
		HasValue    bool
	}
	Rename struct {
		Object   string // "table", "column", "index", "view", "schema", "sequence", "role", "constraint", "domain", "function", "routine", "type", …
		Name     Name
		Of       string // of a column: "table", "view" …, as the statement says
		Sub      string // column or constraint
		NewName  string
		IfExists bool
		Args     []TypeName
		HasArgs  bool
	}
	SetSchema struct {
		Object    string
		Name      Name
		NewSchema string
		IfExists  bool
		Args      []TypeName
		HasArgs   bool
	}
	AlterOwner struct {
		Object  string
		Name    Name
		Role    RoleSpec
		Args    []TypeName
		HasArgs bool
	}

	CreateIndex struct {
		Name             string
		Schema           string // as written; DSQL refuses it
		Table            Name
		Unique           bool
		Async            bool
		Concurrently     bool
		IfNotExists      bool
		Using            string
		Elems            []IndexElem
		Include          []IndexElem
		NullsNotDistinct bool
		Where            Expr
		WhereText        string
		With             bool
		Tablespace       string
		Pos              int
	}
	IndexElem struct {
		Column    string // "" for an expression
		X         Expr
		Text      string // source of X
		Collation []string
		Opclass   []string
		Order     string // "", "asc", "desc"
		Nulls     NullsOrder
		Pos       int
	}

	CreateView struct {
		Name        Name
		Columns     []string
		Query       *Select
		Text        string // source text of the query
		Replace     bool
		Recursive   bool
		Temp        bool
		CheckOption string
		Options     []RelOption
	}
	CreateSequence struct {
		Name        Name
		IfNotExists bool
		Temp        bool
		Opts        []SeqOpt
	}
	AlterSequence struct {
		Name     Name
		IfExists bool
		Opts     []SeqOpt
	}
	CreateSchema struct {
		Name        string
		IfNotExists bool
		Owner       *RoleSpec
		Elements    []Stmt
	}
	CreateDomain struct {
		Name        Name
		Type        TypeName
		Collation   []string
		Constraints []Constraint
	}
	CreateEnum struct {
		Name   Name
		Labels []string
	}
	// AlterEnum adds a label, at the end or beside Neighbor, or renames one.
	AlterEnum struct {
		Name        Name
		Old         string // "": a new label
		New         string
		Neighbor    string
		After       bool
		IfNotExists bool
	}
	AlterDomain struct {
		Name           Name
		Kind           string // "set default", "drop default", "set not null", "drop not null", "add constraint", "drop constraint", "validate constraint"
		X              Expr
		Text           string
		Constraint     *Constraint
		ConstraintName string
		IfExists       bool // DROP CONSTRAINT IF EXISTS
	}
	FuncParam struct {
		Name    string
		Mode    string // "in", "out", "inout", "variadic", "table"
		Type    TypeName
		Default Expr
		// DefaultText is the source of Default.
		DefaultText string
	}
	CreateFunction struct {
		Name            Name
		Replace         bool
		Procedure       bool
		Params          []FuncParam
		Returns         *TypeName
		Language        string
		Body            string
		HasBody         bool // AS
		BodyItems       int  // strings of AS
		SQLBody         []Stmt
		SQLBodyText     string
		SQLBodyShown    string // as pg_get_functiondef shows it
		Volatility      string // "", "immutable", "stable", "volatile"
		Strict          bool
		SecurityDefiner bool
		Leakproof       bool
		Window          bool
		Parallel        string   // as written
		Cost, Rows      *float64 // nil if not given
		Options         []string // other options by name
	}
	// Drop drops objects. Object as in Rename.
	Drop struct {
		Object       string
		Names        []Name
		Sub          []string // constraint … on table, when needed
		IfExists     bool
		Cascade      bool
		Concurrently bool
		Args         [][]TypeName // functions
		HasArgs      []bool
	}
	Comment struct {
		Object  string
		Name    Name
		Sub     string // column, or constraint of table Name
		Text    *string
		Args    []TypeName
		HasArgs bool
	}
	// AlterStatistics is ALTER STATISTICS … SET STATISTICS; -1 is the default.
	AlterStatistics struct {
		Name     Name
		IfExists bool
		Target   int
	}
	CreateStatistics struct {
		Name        Name
		IfNotExists bool
		Kinds       []string
		Columns     []string
		Table       Name
	}
)

// A RoleSpec names a role, or is one of "current_user", "session_user",
// "current_role", "public".
type RoleSpec struct {
	Name    string
	Special string
	Pos     int
}

type (
	// RoleOption: name ("login", "superuser", "createdb", "createrole", "inherit",
	// "replication", "bypassrls", "connection limit", "password", "valid until",
	// "in role", "role", "admin") with Bool or Roles.
	RoleOption struct {
		Name  string
		Bool  bool
		Text  string
		Roles []RoleSpec
	}
	CreateRole struct {
		Name    string
		Options []RoleOption
		User    bool // CREATE USER: login by default
		Pos     int
	}
	AlterRole struct {
		Role    RoleSpec
		Options []RoleOption
	}
	// AlterRoleSet is ALTER ROLE … SET / RESET.
	AlterRoleSet struct {
		Role RoleSpec
		Set  *Set
	}
	DropRole struct {
		Roles    []RoleSpec
		IfExists bool
	}
	// GrantRole is GRANT role TO role, and REVOKE.
	GrantRole struct {
		Grant       bool
		Roles       []string
		Grantees    []RoleSpec
		AdminOption bool
		AdminOnly   bool // REVOKE ADMIN OPTION FOR
		Cascade     bool
	}
	// A Privilege is a name ("" for ALL) and columns.
	Privilege struct {
		Name    string
		Columns []string
	}
	// Grant is GRANT/REVOKE on objects. Object: "table", "sequence", "schema",
	// "function", "routine", "database", "type", …. AllInSchema: Names are schemas.
	Grant struct {
		Grant       bool
		Privileges  []Privilege // empty: ALL
		Object      string
		AllInSchema bool
		Names       []Name
		Args        [][]TypeName
		HasArgs     []bool
		Grantees    []RoleSpec
		GrantOption bool
		Cascade     bool
	}
	AlterDefaultPrivileges struct {
		Roles   []RoleSpec
		Schemas []string
		Action  *Grant
	}
	// IAMGrant is AWS IAM GRANT role TO 'arn' / AWS IAM REVOKE role FROM 'arn'.
	IAMGrant struct {
		Grant bool
		Role  string
		ARN   string
		Pos   int
	}
	SetConstraints struct {
		Names    []Name // empty: ALL
		Deferred bool
	}
)

func (*CreateTable) stmt()            {}
func (*CreateTableAs) stmt()          {}
func (*AlterTable) stmt()             {}
func (*Rename) stmt()                 {}
func (*SetSchema) stmt()              {}
func (*AlterOwner) stmt()             {}
func (*CreateIndex) stmt()            {}
func (*CreateView) stmt()             {}
func (*CreateSequence) stmt()         {}
func (*AlterSequence) stmt()          {}
func (*CreateSchema) stmt()           {}
func (*CreateDomain) stmt()           {}
func (*CreateEnum) stmt()             {}
func (*AlterEnum) stmt()              {}
func (*AlterDomain) stmt()            {}
func (*CreateFunction) stmt()         {}
func (*Drop) stmt()                   {}
func (*Comment) stmt()                {}
func (*CreateStatistics) stmt()       {}
func (*AlterStatistics) stmt()        {}
func (*CreateRole) stmt()             {}
func (*AlterRole) stmt()              {}
func (*AlterRoleSet) stmt()           {}
func (*DropRole) stmt()               {}
func (*GrantRole) stmt()              {}
func (*Grant) stmt()                  {}
func (*AlterDefaultPrivileges) stmt() {}
func (*IAMGrant) stmt()               {}
func (*SetConstraints) stmt()         {}
