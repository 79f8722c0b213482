// Package workload puts load on databases. It talks to any address that speaks
// PostgreSQL's protocol, so that Zorya, Aurora DSQL and PostgreSQL are measured, and
// judged, by the same client.
//
// # The bank
//
// Accounts, transfers between them, and the load that the talk "Amazon Aurora DSQL: A
// developer's perspective" puts on them.
//
// A transfer is six statements in one transaction, each its own round trip as in
// an application:
//
//	BEGIN
//	SELECT the payer's balance      the client declines if it is too small
//	UPDATE the payer
//	UPDATE the payee
//	INSERT the ledger's entry       RETURNING its id
//	COMMIT
//
// What must hold at any time, whatever fails: money is neither made nor lost, an
// account's balance is its first balance and the entries of the ledger, and every
// transfer that was acknowledged is in the ledger. Check verifies it.
//
// # List-append
//
// Transactions of random statements that append to lists and read them, recorded so
// that package history can judge whether the database kept strong snapshot isolation:
// ListAppend.
package workload
