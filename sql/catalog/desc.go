// Package catalog is the schema: descriptors as they are stored, immutable
// snapshots of all of them, name resolution, privileges, and the encoding of
// changes as mutations of the descriptor namespace.
//
// Descriptors are immutable: whoever changes one works on a copy (Clone). A
// Snapshot is safe for concurrent use; it is shared by all transactions whose
// read point has its version.
package catalog

import (
	"sync"

	"zorya/kv"
	"zorya/sql/types"
)

// A Ref names a descriptor that a statement relied on. Key is what the commit
// checks.
type Ref struct {
	OID types.OID
	Key kv.Key
}

// A Header is what all objects have.
type Header struct {
	OID     types.OID
	Name    string
	Schema  types.OID // 0 for schemas and roles
	Owner   types.OID
	ACL     []ACLItem // nil: the default privileges of the kind
	Comment string
}

// An ACLItem is a grant: privileges as PostgreSQL's letters (r a w d D x t X U C c),
// those with grant option in Option. Grantee 0 is PUBLIC.
type ACLItem struct {
	Grantee, Grantor types.OID
	Privs, Option    string
}

// A RelKind is pg_class.relkind.
type RelKind byte

// The kinds of relations.
const (
	RelTable    RelKind = 'r'
	RelView     RelKind = 'v'
	RelIndex    RelKind = 'i'
	RelSequence RelKind = 'S'
	RelVirtual  RelKind = 'V' // computed: catalogs, sys; shown as 'r' or 'v'
)

// A Table is a table, view or virtual table.
type Table struct {
	Header
	Kind    RelKind
	Columns []Col // including dropped ones; index = attribute number - 1
	// Primary is the primary key; never nil for RelTable. When the table was made
	// without one, it is hidden (Primary.Hidden) and keys are 16 bytes of time and chance.
	Primary *Index
	Indexes []*Index // secondary, in order of creation; any state
	Checks  []Check
	FKs     []ForeignKey // where this table refers
	RefBy   []types.OID  // tables with foreign keys to this one
	// View: its query's text, as CREATE VIEW gave it, and the search path then.
	ViewText string
	// ViewWidths are how many columns the relations had that the view reads.
	ViewWidths map[types.OID]int `json:",omitempty"`
	ViewPath   []string
	ViewRefs   []types.OID // relations, functions and domains that it depends on
	// ViewCols are the columns (index in Columns) of each relation that a view uses.
	ViewCols  map[types.OID][]int
	ViewCheck string // WITH CHECK OPTION: "", "local", "cascaded"
	// Of a view: its parameters of WITH (…), nil where they are not given.
	ViewBarrier *bool `json:",omitempty"` // security_barrier
	ViewInvoker *bool `json:",omitempty"` // security_invoker: what it reads is read as who uses it
	// ViewOptions are the parameters that are given, in the order in which they were.
	ViewOptions []string  `json:",omitempty"`
	Type        types.OID // its row type
	// Fence: writers whose snapshot is older get OC001, since their Ref of the table
	// changed. (The descriptor is rewritten; the field only makes it differ.)
	Fence int
	// Names of constraints taken, dropped columns' count etc. are derived.
}

// A Col is a column.
type Col struct {
	Name    string
	T       types.T
	NotNull bool
	Dropped bool
	Default string // SQL text; "" = none
	// Missing is the value of rows stored before the column was added (text form).
	Missing   *string
	Generated string // expression text of GENERATED ALWAYS AS … STORED
	// Refs are the sequences, functions and domains that Default or Generated uses;
	// UsesCols the columns that Generated uses.
	Refs     []types.OID
	UsesCols []int
	// DefaultOID is the OID of the default's row in pg_attrdef; 0 if there is none.
	DefaultOID types.OID
	Identity   byte      // 'a' ALWAYS, 'd' BY DEFAULT, 0
	Sequence   types.OID // the identity's sequence
	Domain     types.OID // declared type, if a domain; T is its base type
	Storage    byte      // p e x m; 0 = the type's
	ACL        []ACLItem
	Comment    string
}

// An IndexState is how far an index is.
type IndexState uint8

// The states (design §6). Writers maintain an index in every state.
const (
	IndexPublic    IndexState = iota // usable for reads
	IndexBuilding                    // backfill runs
	IndexEnforcing                   // unique: being checked
	IndexInvalid                     // build failed; to be dropped
)

// An Index is a primary or secondary index. Its OID is the id in keys.
type Index struct {
	Header
	Table            types.OID
	Keys             []IndexKey
	Include          []int // columns (index in Table.Columns)
	Unique           bool
	Primary          bool
	Hidden           bool // primary key that the user did not ask for
	NullsNotDistinct bool
	Where            string // partial: predicate text
	State            IndexState
	Constraint       string // name of the constraint that it implements; "" if none
	ConstraintOID    types.OID
	// ConstraintComment is COMMENT ON CONSTRAINT; the header's is COMMENT ON INDEX.
	ConstraintComment string
	// UsesCols and Refs are the columns and the functions that key expressions and
	// the predicate use.
	UsesCols []int
	Refs     []types.OID
}

// An IndexKey is a key column: of the table, or an expression.
type IndexKey struct {
	Col        int    // index in Table.Columns; -1 for an expression
	Expr       string // expression text
	T          types.T
	NullsFirst bool
	// Desc is DESC: what the statement said. Keys ascend all the same; NullsFirst is
	// as they are stored.
	Desc    bool   `json:",omitempty"`
	Opclass string `json:",omitempty"` // as the statement said, if it is not the type's default
}

// A Check is a CHECK constraint.
type Check struct {
	OID       types.OID
	Name      string
	Expr      string // SQL text
	Valid     bool
	NoInherit bool
	Comment   string
	Cols      []int       // columns that it uses
	Refs      []types.OID // functions and domains that it uses
}

// A ForeignKey refers from Cols of the table that has it to RefCols of RefTable.
type ForeignKey struct {
	OID                  types.OID
	Name                 string
	Cols                 []int
	RefTable             types.OID
	RefCols              []int
	RefIndex             types.OID
	OnDelete, OnUpdate   byte // a no action, r restrict, c cascade, n set null, d set default
	DeleteCols           []int
	MatchFull            bool
	Deferrable, Deferred bool
	Valid                bool
	Comment              string
}

// A Schema, Sequence, Role, Domain, Function are the other objects.
type (
	Schema struct{ Header }

	Sequence struct {
		Header
		Start, Increment, Min, Max, Cache int64
		Cycle                             bool
		// Type is smallint or integer if it bounds the values; 0: bigint.
		Type       types.OID `json:",omitempty"`
		OwnedTable types.OID
		OwnedCol   int
	}

	Role struct {
		Header
		Login, Super, CreateDB, CreateRole, Inherit, Replication, BypassRLS bool
		ConnLimit                                                           int
		MemberOf                                                            []Membership
		Settings                                                            map[string]string
	}
	Membership struct {
		Role, Grantor types.OID
		Admin         bool
		OID           types.OID
	}

	// A Domain is a type that a user made: a domain or, with Labels, an enumeration,
	// which is its own base.
	Domain struct {
		Header
		Base    types.T
		Labels  []EnumLabel `json:",omitempty"` // in their order
		NotNull bool
		Default string
		Checks  []Check
		Array   types.OID
	}

	// An EnumLabel is a value of an enumeration; see types.IsEnum for its rank.
	EnumLabel struct {
		OID   types.OID
		Label string
		Rank  []byte
		Sort  float32 // pg_enum.enumsortorder
	}

	Function struct {
		Header
		Args        []types.OID
		ArgNames    []string
		ArgModes    string // one letter an argument: i o b v t
		ArgDefaults []string
		Result      types.OID
		// Domains are the declared types of those arguments (by index in Args, the result
		// by -1) that are domains; Args and Result are then the base types.
		Domains map[int]types.OID `json:",omitempty"`
		Set     bool
		Body    string
		SQLBody bool // Body is RETURN … or BEGIN ATOMIC …
		// Shown is such a body as pg_get_functiondef shows it.
		Shown string `json:",omitempty"`
		// Refs are the domains of its signature, what its defaults use and, with SQLBody, what the body uses.
		Refs       []types.OID `json:",omitempty"`
		Strict     bool
		Volatility byte
		Leakproof  bool    `json:",omitempty"`
		Parallel   byte    `json:",omitempty"` // as in pg_proc; 0: unsafe
		Cost, Rows float32 `json:",omitempty"` // 0: not given
		Path       []string
	}

	// An IAMMapping lets an IAM principal connect as a role.
	IAMMapping struct {
		OID     types.OID
		ARN     string
		Role    types.OID
		Grantor types.OID
	}

	// DefaultACL is ALTER DEFAULT PRIVILEGES.
	DefaultACL struct {
		OID    types.OID
		Role   types.OID
		Schema types.OID // 0: all
		Object byte      // r S f T n
		ACL    []ACLItem
	}

	// ExtStatistics is CREATE STATISTICS.
	ExtStatistics struct {
		Header
		Table types.OID
		Cols  []int
		Kinds []string
		// Target is how much ANALYZE collects; nil is the system's default.
		Target *int `json:",omitempty"`
	}
)

// A PrivCheck asks whether the current role may do Priv (a letter as in ACLItem)
// to a relation, or to some of its columns.
type PrivCheck struct {
	OID  types.OID
	Kind byte // 'r' relation, 'n' schema, 'f' function, 'S' sequence
	Priv byte
	Cols []int // nil: the whole relation; empty: some column of it
	// As is the role whose privileges count (the owner of a view, for what is inside
	// it); 0 = the current role.
	As types.OID
}

// TableStats are what ANALYZE found; a system row, outside the catalog version.
type TableStats struct {
	Rows     float64
	Bytes    float64
	Analyzed int64            // unix nanoseconds; 0: never
	Columns  map[int]ColStats // by index in Table.Columns

	values sync.Map // of *ColValues, by index in Table.Columns
}

// ColStats are a column's statistics, as in pg_stats.
type ColStats struct {
	NullFrac    float64
	AvgWidth    int
	Distinct    float64  // as pg_stats: negative = fraction of the rows
	MCV         []string // text forms
	MCF         []float64
	Histogram   []string
	Correlation float64
}

// Fixed OIDs.
const (
	AdminRole    types.OID = 10
	PublicSchema types.OID = 2200
	PgCatalog    types.OID = 11
	InfoSchema   types.OID = 13000
	SysSchema    types.OID = 13100
	FirstUserOID types.OID = 16384
	DatabaseOID  types.OID = 5
)
