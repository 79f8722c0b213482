// Package history judges what clients of a database saw: whether a list of
// transactions can have come from strong snapshot isolation. It does no I/O and
// knows nothing of the database.
//
// The transactions append unique values to lists and read lists, as in Kingsbury and
// Alvaro's Elle. A list that was read tells in which order the appends before it were
// made, so most of what the database decided inside can be seen from outside.
//
// # The rule
//
// Under snapshot isolation each transaction t has two moments: S(t), at which its
// snapshot was taken, and C(t), at which it became visible to later snapshots. What
// clients saw says of each pair of moments which came first:
//
//	S(t) < C(t)
//	ww   u appended to a key after t          C(t) < S(u)   the first to commit wins:
//	                                                        writers of a key don't overlap
//	wr   u saw what t appended                C(t) < S(u)
//	rw   u appended what t did not see        S(t) < C(u)
//	rt   real time: a moment that had passed when another could not have come yet
//
// A history is right if and only if these moments can be put into an order, that is,
// if the graph of all S and C has no cycle. Write skew, which snapshot isolation
// allows, needs no exception: t -rw-> u -rw-> t says S(t) < C(u) and S(u) < C(t),
// which is no cycle.
//
// Real time says more than that an acknowledged transaction is in all later
// snapshots. A client knows four times of a transaction, and the moments lie between
// them:
//
//	Begin <= S <= Snapshot     the first answer of a statement
//	Commit <= C <= End         COMMIT sent, COMMIT answered
//
// So transactions that did overlap are known to have done so, and two of them that
// wrote the same key are found even if nobody read it in between.
//
// # What is told
//
// Before the graph, lists that no order explains: values that were never appended, or
// by a transaction that failed (G1a), the middle of a transaction (G1b), the same
// value twice, lists that fork, reads in one transaction that differ. Then the
// smallest cycle found in each strongly connected component, with its anomaly's
// name after Adya: G0, G1c, G-single and, with several rw edges, G-SI, and those that
// only real time forbids, such as stale reads.
//
// A transaction whose outcome is unknown happened if somebody saw it. Reads of
// transactions that failed are judged too: they came from a snapshot like all others.
package history
