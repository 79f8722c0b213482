package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"zorya/pgerr"
)

// A Damage is a file of a store that is not as storage has written it.
type Damage struct {
	File   string
	Offset int64 // -1: somewhere in the file, or the file as a whole.
	Reason string
}

// Error names file and offset.
func (d *Damage) Error() string {
	if d.Offset < 0 {
		return fmt.Sprintf("storage is corrupt: file %s: %s", d.File, d.Reason)
	}
	return fmt.Sprintf("storage is corrupt: file %s, offset %d: %s", d.File, d.Offset, d.Reason)
}

// Unwrap makes errors.Is(err, ErrCorrupt) true.
func (d *Damage) Unwrap() error { return ErrCorrupt }

// offsetIn finds the offset of the block in the text of an error of Pebble; -1 if it
// names none.
func offsetIn(err error) int64 {
	_, after, found := strings.Cut(err.Error(), "block ")
	digits, _, slash := strings.Cut(after, "/")
	n, nerr := strconv.ParseInt(digits, 10, 64)
	if !found || !slash || nerr != nil {
		return -1
	}
	return n
}

// isReadError reports whether an error is the disk's and not one of damage.
func isReadError(err error) bool {
	var p *os.PathError
	return errors.As(err, &p) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// damageOf is the damage that Pebble reports.
func damageOf(info pebble.DataCorruptionInfo) *Damage {
	return &Damage{File: info.Path, Offset: offsetIn(info.Details), Reason: info.Details.Error()}
}

// corruption is told by Pebble of damage that a read has met. It is logged, and the
// read fails: what lies in other blocks can still be read.
func (s *Store) corruption(info pebble.DataCorruptionInfo) {
	d := damageOf(info)
	if s.damage.Swap(d) == nil {
		s.logger.Errorf("%v", d)
	}
}

// Damage returns the last damage that a read has met; nil if none has.
func (s *Store) Damage() error {
	if d := s.damage.Load(); d != nil {
		return d
	}
	return nil
}

// readError makes of a failure of Pebble what a user is told.
func (s *Store) readError(err error) error {
	switch {
	case err == nil, pgerr.As(err) != nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, ErrCorrupt), pebble.IsCorruptionError(err):
		if d := s.damage.Load(); d != nil && pebble.IsCorruptionError(err) {
			err = d
		}
		return pgerr.New(pgerr.DataCorrupted, "could not read: %v", err).
			WithHint("Stop the server and run \"zorya check\"; what it finds damaged comes back from a backup.")
	}
	return pgerr.New(pgerr.IOError, "could not read: %v", err)
}
