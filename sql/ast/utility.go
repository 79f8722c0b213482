package ast

type (
	// TxnKind is a transaction statement's verb.
	TxnKind uint8

	// Transaction is BEGIN, COMMIT, ROLLBACK, SAVEPOINT ….
	Transaction struct {
		Kind       TxnKind
		Start      bool   // START TRANSACTION rather than BEGIN
		Isolation  string // "", "serializable", "repeatable read", "read committed", "read uncommitted"
		ReadOnly   *bool
		Deferrable *bool
		Chain      bool
		Savepoint  string
	}
	// Set is SET [LOCAL|SESSION] name = values, RESET name, RESET ALL, SET
	// TRANSACTION …. Values nil with Default false means RESET/DEFAULT.
	Set struct {
		Name    string // lower case; "all" with Reset; "transaction", "session characteristics"
		Values  []Expr // constants
		Local   bool
		Reset   bool         // RESET or SET … TO DEFAULT
		Default bool         // SET … TO DEFAULT
		Current bool         // SET … FROM CURRENT
		Txn     *Transaction // SET TRANSACTION's modes
	}
	Show    struct{ Name string } // "all" for SHOW ALL
	Explain struct {
		Query   Stmt
		Analyze bool
		Verbose bool
		Options []ExplainOption // all, in their order
	}
	ExplainOption struct {
		Name, Value string
		Pos         int
	}
	Prepare struct {
		Name  string
		Types []TypeName
		Query Stmt
		Text  string // source text of Query
	}
	Execute struct {
		Name string
		Args []Expr
	}
	Deallocate struct{ Name string } // "" for ALL
	Discard    struct{ What string }
	Call       struct{ Func *Func }
	Copy       struct {
		Table   Name
		Columns []string
		Query   Stmt // COPY (query) TO
		From    bool
		Program bool
		File    *string // nil: STDIN/STDOUT
		Options []CopyOption
		Where   Expr
	}
	// A CopyOption is an option of COPY as written: a word or number, or a list of
	// columns (All: the star).
	CopyOption struct {
		Name     string
		Value    string
		HasValue bool
		IsList   bool
		List     []string
		All      bool
		Pos      int
	}
	Analyze struct {
		Vacuum  bool // VACUUM
		Analyze bool // VACUUM with ANALYZE
		Tables  []Name
		Columns [][]string
		Verbose bool
	}
	Truncate struct {
		Names   []Name
		Cascade bool
		Restart bool // RESTART IDENTITY
	}
	// Unsupported is a statement that only has a name: Tag is libpg_query's node
	// name without Stmt ("Listen", "CreateTrig", "DefineStmt" …). Detail tells
	// variants apart (e.g. CompositeType, the object of a DEFINE).
	Unsupported struct {
		Tag    string
		Detail string
	}
	// Lock is LOCK TABLE.
	Lock struct {
		Tables      []Name
		AccessShare bool // the mode that only keeps a table from being dropped
	}
	// Empty is an empty query string.
	Empty struct{}
)

const (
	Begin TxnKind = iota
	Commit
	Rollback
	Savepoint
	Release
	RollbackTo
	PrepareTxn
	CommitPrepared
	RollbackPrepared
)

func (*Transaction) stmt() {}
func (*Set) stmt()         {}
func (*Show) stmt()        {}
func (*Lock) stmt()        {}
func (*Explain) stmt()     {}
func (*Prepare) stmt()     {}
func (*Execute) stmt()     {}
func (*Deallocate) stmt()  {}
func (*Discard) stmt()     {}
func (*Call) stmt()        {}
func (*Copy) stmt()        {}
func (*Analyze) stmt()     {}
func (*Truncate) stmt()    {}
func (*Unsupported) stmt() {}
func (*Empty) stmt()       {}

// A Statement is a statement with its place in the text it came from.
type Statement struct {
	Stmt   Stmt
	Text   string // its own text, trimmed; positions count from its first character
	Params int    // highest $n
	Offset int    // characters before it in the query string
}
