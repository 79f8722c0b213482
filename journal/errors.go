package journal

import (
	"errors"
	"fmt"
)

// ErrStopped is wrapped by the error of every Append after one that failed. What
// is wrapped beside it is the first failure. Nothing was written.
var ErrStopped = errors.New("the journal has stopped")

// ErrTrimmed says that records asked for are no longer kept.
var ErrTrimmed = errors.New("journal records have been trimmed")

// ErrCorrupt is wrapped by every CorruptError.
var ErrCorrupt = errors.New("the journal is corrupt")

// A CorruptError names the place of damage that is not a torn tail. Nothing
// behind it is trusted.
type CorruptError struct {
	File   string
	Offset int64
	Reason string
}

// Error names file and offset.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("the journal is corrupt: file %s, offset %d: %s", e.File, e.Offset, e.Reason)
}

// Unwrap makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }
