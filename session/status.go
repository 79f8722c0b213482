package session

// A status is where a session stands between messages.
type status uint8

const (
	idle   status = iota // no transaction, or an implicit one
	inTxn                // inside BEGIN … COMMIT
	failed               // a statement inside BEGIN … failed
)

// An event is what moves a session from one status to another.
type event uint8

const (
	evBegin event = iota
	evEnd         // COMMIT or ROLLBACK, whatever became of it
	evError
	evRollbackTo
)

// transitions is the whole life of a transaction block: status × event → status.
// An error outside a block ends the implicit transaction and leaves no trace.
var transitions = [3][4]status{
	idle:   {evBegin: inTxn, evEnd: idle, evError: idle, evRollbackTo: idle},
	inTxn:  {evBegin: inTxn, evEnd: idle, evError: failed, evRollbackTo: inTxn},
	failed: {evBegin: failed, evEnd: idle, evError: failed, evRollbackTo: inTxn},
}

// wire is the status in ReadyForQuery.
func (s status) wire() byte { return "ITE"[s] }
