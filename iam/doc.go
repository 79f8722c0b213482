// Package iam is Zorya's own identity store and the check of connection tokens.
//
// The store is one file, readable by its owner only, that holds what AWS's IAM
// would: users and roles with their policies, and access keys with their
// secrets. The secret must be kept as it is, since a signature can only be
// checked with it (Signature Version 4 is an HMAC). Commands change the file
// while a server runs: every change is made under a lock and replaces the file
// at once, and a server reads it anew when it has changed.
//
// A token is what the AWS SDKs' DSQL signers make: a presigned GET request
// without its scheme (docs: "Generating an authentication token in Amazon Aurora
// DSQL"). Verify checks it as AWS does: known key, signature, host, region,
// service, action, time, session token, policy. It never says which of these
// failed to the client, beyond the hints that the original gives; the reason
// is returned apart, for the log, and holds no secret.
package iam
